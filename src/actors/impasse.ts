/**
 * Breaks the wait of a supervisor for an actor that waits for what this supervisor holds: a restart
 * lets `cache` finish its message, the message asks `db`, and `db` has failed and works again only
 * when the restart is over.
 *
 *     a supervisor suspends or stops children ─▶ not done soon ─▶ all below these are marked as its own
 *        ─▶ whom do they ask? ─▶ and these? ─▶ … ─▶ one that is marked, and works on nothing: the ask is refused
 *           (on this side)      (over links)
 *
 * It is a circle like those of circles.ts, with a supervisor in it. Here the search goes from the
 * asks of those that are waited for to their targets, since a mark can tell any side whom the
 * restart holds. A round is repeated while the supervisor waits: it finds what was asked meanwhile.
 */
import type { Runtime, Timer } from '../runtime/seam.ts'
import type { Asker, AskPath, PendingAsk, Target } from './contract.ts'
import { ActorDiedError } from './errors.ts'

/** A supervisor looks after one of these, after two more, after four more, … */
const firstLookMs = 1
const lastLookMs = 64
/** A look marks each child, so one with very many looks less often: so many it may mark in a ms. */
const mostMarksPerMs = 10

/** What a supervisor waits for, with all that is below it. */
export interface Awaited {
  /** It is held, or waited for, by the supervisor that gave this number. */
  joins(restart: number): void
}

/** An ask of this side, as the search has it. */
export interface Followed extends PendingAsk {
  readonly target: Target
  /** Where it went to, if it was sent elsewhere, and its number there. */
  readonly sentOver: AskPath | undefined
  readonly sentId: number
  fail(error: unknown): void
}

export class Impasses {
  readonly #runtime: Runtime
  readonly #waiting: () => Iterable<Followed>
  /** For which a round is due. */
  readonly #due = new Set<number>()

  constructor(runtime: Runtime, waiting: () => Iterable<Followed>) {
    this.#runtime = runtime
    this.#waiting = waiting
  }

  /** As `wait`, in which a supervisor waits for `children` to suspend, start or stop. */
  async during(children: readonly Awaited[], wait: () => Promise<void>): Promise<void> {
    const restart = this.#runtime.random()
    const lastMs = Math.max(lastLookMs, children.length / mostMarksPerMs)
    let timer: Timer | undefined
    const lookIn = (delayMs: number) => {
      timer = this.#runtime.setTimer(delayMs, () => {
        for (const child of children) child.joins(restart)
        this.look(restart)
        lookIn(Math.min(2 * delayMs, lastMs))
      })
      timer.unref()
    }
    lookIn(firstLookMs)
    try {
      await wait()
    } finally {
      timer?.cancel()
    }
  }

  /** One round, after all that is to be marked on this side was. */
  lookSoon(restart: number): void {
    if (this.#due.has(restart)) return
    this.#due.add(restart)
    this.#runtime.soon(() => {
      this.#due.delete(restart)
      this.look(restart)
    }, 'actors')
  }

  look(restart: number): void {
    const asks = this.#asksByAsker()
    const seen = new Set<Followed>()
    for (const [asker, made] of asks)
      if (asker.restart === restart) for (const ask of made) follow(ask, restart, asks, seen)
  }

  /** Goes on at an ask that came from elsewhere. */
  reach(ask: Followed, restart: number): void {
    follow(ask, restart, this.#asksByAsker(), new Set())
  }

  /** The asks of this side whose askers wait for the answer. */
  #asksByAsker(): Map<Target, Followed[]> {
    const asks = new Map<Target, Followed[]>()
    for (const ask of this.#waiting()) {
      if (ask.settled || ask.asker === undefined || !waits(ask.asker, ask)) continue
      const made = asks.get(ask.asker.self)
      if (made === undefined) asks.set(ask.asker.self, [ask])
      else made.push(ask)
    }
    return asks
  }
}

/** An actor waits for its ask while it works on the message in which it has asked. */
function waits(asker: Asker, ask: PendingAsk): boolean {
  return asker.current === ask.within
}

function follow(
  first: Followed,
  restart: number,
  asks: ReadonlyMap<Target, readonly Followed[]>,
  seen: Set<Followed>,
): void {
  const toFollow = [first]
  for (let ask = toFollow.pop(); ask !== undefined; ask = toFollow.pop()) {
    if (ask.settled || seen.has(ask)) continue
    seen.add(ask)
    const { target } = ask
    const { standstill } = target
    if (standstill !== undefined && target.restart === restart)
      ask.fail(new ActorDiedError(target.name, standstill, 'no'))
    else if (ask.sentOver !== undefined) ask.sentOver.awaits(ask.sentId, restart)
    else toFollow.push(...(asks.get(target) ?? []))
  }
}
