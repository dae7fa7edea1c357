/**
 * A message whose sender waits for the answer.
 *
 *     waiting ──answer──▶ answered            what the method returned, or threw
 *        ├── the actor ends or restarts ──▶ failed at once, never by a time limit alone
 *        └── time, signal, the ask around ─▶ given up; what comes later is dropped
 *
 * An ask that is made while an actor answers another one is given up with that one, so a chain has
 * one deadline, that of its first ask. The chain is also how a cycle is found: see `cycle`.
 */
import { AbortError, TimeoutError } from '../errors.ts'
import { durationText } from '../live/print.ts'
import type { Runtime, Timer } from '../runtime/runtime.ts'
import { Circles } from './circles.ts'
import type { Asker, Asking, AskLink, AskPath, Cause, Limits, PendingAsk, Target } from './contract.ts'
import { CyclicAskError } from './errors.ts'
import { silentFromMs } from './remote/silence.ts'

export class Ask implements PendingAsk {
  readonly promise: Promise<unknown>
  /** The actor that asks, and the message that it asks for. */
  readonly asker: Asker | undefined
  readonly within: Cause | undefined
  /** What is asked, for messages. */
  readonly target: Target
  readonly method: string
  /** Where it came from, if from elsewhere, and its number there. */
  readonly link: AskLink | undefined
  readonly linkId: number
  /** Where it went to, if it was sent elsewhere, and its number there. */
  sentOver: AskPath | undefined
  sentId = 0
  /** Is told when it is settled, with the reason if it was given up. */
  onSettled: ((reason: unknown) => void) | undefined
  settled = false
  /** Why it was given up; undefined while the asker waits for the answer. */
  reason: unknown
  /** Its place in the line of those with the same time limit. */
  line: Line | undefined
  earlier: Ask | undefined
  later: Ask | undefined
  untilMs = Number.POSITIVE_INFINITY
  /** How often circles were looked for while it waited, and by what others know it then. */
  looks = 0
  mark = 0
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void
  #aborted: { readonly signal: AbortSignal; readonly listener: () => void } | undefined
  /** Asks that the actor makes to answer this one. */
  #inner: Set<Ask> | undefined
  #controller: AbortController | undefined

  constructor(target: Target, method: string, asker: Asker | undefined, asking?: Asking) {
    this.target = target
    this.method = method
    this.asker = asker
    this.within = asker?.current
    this.link = asking?.link
    this.linkId = asking?.id ?? 0
    if (asking !== undefined) {
      asking.giveUp = reason => this.giveUp(reason)
      asking.ask = this
    }
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  answer(value: unknown): void {
    if (this.#settle()) this.#resolve(value)
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  /** Nobody waits any more: the asks made for it are given up too, and `signal` aborts. */
  giveUp(reason: unknown): void {
    if (this.settled) return
    this.reason = reason
    this.#settle()
    this.#reject(reason)
    this.#controller?.abort(reason)
    for (const inner of this.#inner ?? []) inner.giveUp(reason)
  }

  /** Aborts when it is given up; for the method that answers it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.reason !== undefined) this.#controller.abort(this.reason)
    }
    return this.#controller.signal
  }

  /** As `Counter 1.add`. */
  get what(): string {
    return `${this.target.name}.${this.method}`
  }

  /** Lets its limits, and the ask that it is made for, end it. */
  limit(limits: Limits | undefined, lines: Lines): void {
    const { ask } = this.within ?? {}
    const outer = ask instanceof Ask ? ask : undefined
    if (outer?.reason !== undefined) return this.giveUp(outer.reason) // Nobody waits for what this is for.
    const bounded = outer !== undefined && !outer.settled
    if (bounded) {
      outer.#inner ??= new Set()
      outer.#inner.add(this)
    }
    const { timeoutMs, signal } = limits ?? usual
    if (signal !== undefined) {
      if (signal.aborted) return this.giveUp(abortOf(this, signal))
      const listener = () => this.giveUp(abortOf(this, signal))
      signal.addEventListener('abort', listener)
      this.#aborted = { signal, listener }
    }
    // The outer deadline is no later, and ends this one too.
    if (bounded && outer.untilMs <= lines.nowMs() + timeoutMs) {
      lines.enter(this, forEver)
      this.untilMs = outer.untilMs
    } else lines.enter(this, timeoutMs)
    if (this.asker !== undefined) lines.circles.watch()
  }

  /** The one place where it ends; nothing stays behind. */
  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.line?.leave(this)
    if (this.#aborted !== undefined) {
      this.#aborted.signal.removeEventListener('abort', this.#aborted.listener)
      this.#aborted = undefined
    }
    const outer = this.within?.ask
    if (outer instanceof Ask) outer.#inner?.delete(this)
    this.onSettled?.(this.reason)
    return true
  }
}

const forEver = Number.POSITIVE_INFINITY
/** Limits that are kept in mind; a program may have another one for each ask. */
const mostLines = 64

/** What an ask waits at the most, as OTP's `gen_server:call` does. */
const usual: Limits = { timeoutMs: 5_000, signal: undefined }

function abortOf({ what }: Ask, signal: AbortSignal): AbortError {
  return new AbortError(`${what} was given up: its signal aborted.`, { cause: signal.reason })
}

/**
 * Why `asker` can't wait for `target`: the chain of those who wait, where `target` waits for
 * `asker` already. Waits that have ended are no part of it: an actor that asks and goes on to its
 * next message does not wait.
 */
export function cycle(asker: Asker, target: Target): CyclicAskError | undefined {
  const chain = [target.name, asker.name] // From its end to its beginning.
  if (isSame(asker, target)) return new CyclicAskError(chain)
  for (let ask = asker.current?.ask; ask !== undefined; ask = ask.within?.ask) {
    const { asker: outer } = ask
    if (outer === undefined || ask.settled || outer.current !== ask.within) return undefined
    chain.push(outer.name)
    if (isSame(outer, target)) return new CyclicAskError(chain.reverse())
  }
  return undefined
}

/** Where code in its worker does not await, no limit of time is to blame. */
function silenceOf({ silentMs }: Target): string {
  return silentMs < silentFromMs ? '' : `; its worker has not answered for ${durationText(silentMs)}`
}

function isSame(asker: Asker, target: Target): boolean {
  return asker.self === target
}

/**
 * Asks by their time limit, each limit with a line of its own: in it the first to come is the first
 * to be over, so one timer serves all. A timer for each ask would cost as much as the ask.
 */
export class Lines {
  readonly circles: Circles
  readonly #runtime: Runtime
  readonly #lines = new Map<number, Line>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.circles = new Circles(runtime, () => this.waiting())
  }

  /** All that wait. */
  *waiting(): Generator<Ask> {
    for (const line of this.#lines.values()) yield* line.waiting()
  }

  nowMs(): number {
    return this.#runtime.now()
  }

  enter(ask: Ask, timeoutMs: number): void {
    if (timeoutMs === forEver && ask.asker === undefined) return
    let line = this.#lines.get(timeoutMs)
    if (line === undefined) {
      line = new Line(this.#runtime, timeoutMs, isOver => this.#forgets(timeoutMs, isOver))
      this.#lines.set(timeoutMs, line)
    }
    line.enter(ask)
  }

  /** A line that is empty waits for the next ask with its limit, if there are few of them. */
  #forgets(timeoutMs: number, isOver: boolean): boolean {
    return (isOver || this.#lines.size > mostLines) && this.#lines.delete(timeoutMs)
  }
}

class Line {
  readonly #runtime: Runtime
  readonly #timeoutMs: number
  /** Nobody waits in it, and maybe its time is over: whether it is used no more. */
  readonly #forgotten: (isOver: boolean) => boolean
  #first: Ask | undefined
  #last: Ask | undefined
  #timer: Timer | undefined

  constructor(runtime: Runtime, timeoutMs: number, forgotten: (isOver: boolean) => boolean) {
    this.#runtime = runtime
    this.#timeoutMs = timeoutMs
    this.#forgotten = forgotten
  }

  enter(ask: Ask): void {
    ask.line = this
    if (this.#timeoutMs !== forEver) ask.untilMs = this.#runtime.now() + this.#timeoutMs
    ask.earlier = this.#last
    if (this.#last === undefined) this.#first = ask
    else this.#last.later = ask
    this.#last = ask
    if (ask.earlier !== undefined || this.#timeoutMs === forEver) return
    if (this.#timer === undefined) this.#wait(this.#timeoutMs)
    else this.#timer.ref()
  }

  /** A copy: whoever is given up meanwhile leaves. */
  waiting(): Ask[] {
    const asks: Ask[] = []
    for (let ask = this.#first; ask !== undefined; ask = ask.later) asks.push(ask)
    return asks
  }

  leave(ask: Ask): void {
    ask.line = undefined
    if (ask.earlier === undefined) this.#first = ask.later
    else ask.earlier.later = ask.later
    if (ask.later === undefined) this.#last = ask.earlier
    else ask.later.earlier = ask.earlier
    ask.earlier = undefined
    ask.later = undefined
    // The timer stays for the next ask, which is likely to come soon; it does not keep the program
    // alive.
    if (this.#first !== undefined) return
    if (this.#timer !== undefined && this.#forgotten(false)) this.#timer.cancel()
    else this.#timer?.unref()
  }

  #wait(delayMs: number): void {
    this.#timer = this.#runtime.setTimer(delayMs, () => {
      this.#timer = undefined
      this.#over()
    })
  }

  #over(): void {
    const nowMs = this.#runtime.now()
    for (let ask = this.#first; ask !== undefined && ask.untilMs <= nowMs; ask = this.#first)
      ask.giveUp(
        new TimeoutError(
          `${ask.what} was not answered within ${this.#timeoutMs} ms${silenceOf(ask.target)}.`,
          this.#timeoutMs,
        ),
      )
    if (this.#first !== undefined) this.#wait(Math.max(1, this.#first.untilMs - nowMs))
    else this.#forgotten(true)
  }
}
