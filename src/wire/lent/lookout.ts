/**
 * The links of this thread on which a message has just come. Their other side is awake, so its next
 * message is near. This thread polls for it a moment before its event loop sleeps, because being
 * woken takes longer than a message.
 *
 *     heard ─▶ the loop turns ─▶ look ── something was said ──▶ deliver ─┐
 *                    ▲            └── nothing for lookOutMs ─▶ sleep     │
 *                    └───────────────────────────────────────────────────┘
 *
 * The loop turns before each look, so timers and other events wait for `lookOutMs` at most.
 */
import { lookOutMs, mostHeardUnlooked } from '../../policy.ts'
import { blockingNow, pause } from '../../runtime/atomics.ts'
import { runtime } from '../../runtime/runtime.ts'

/** How often it polls for each reading of the clock: some microseconds. */
const looksPerClock = 32

/** One side of a link, as it is looked at. */
export interface Spoken {
  /** Whether the other side has sent anything since the last time. Costs one load. */
  saidMore(): boolean
  /** Delivers what has arrived; returns how many messages that were. */
  drain(): number
  /** Tells the other side whether it is looked at. */
  looks(whether: boolean): void
}

/** Whether it pays to poll a link: after each poll in vain, the next one comes later. */
export class Lookout {
  readonly #link: Spoken
  /** How many messages were heard without a look, after the last look in vain. */
  #patience = 0
  /** How many of those are still to come. */
  #unlooked = 0

  constructor(link: Spoken) {
    this.#link = link
  }

  /** A message has come by an event, as this thread slept or did something else. */
  heard(): void {
    if (this.#unlooked > 0) this.#unlooked -= 1
    else begin(this)
  }

  /** Delivers what was said, if anything was. */
  look(): boolean {
    if (!this.#link.saidMore() || this.#link.drain() === 0) return false
    this.#patience >>= 1
    return true
  }

  begins(): void {
    this.#link.looks(true)
  }

  endsInVain(): void {
    this.#link.looks(false)
    this.#patience = Math.min(mostHeardUnlooked, 2 * this.#patience + 1)
    this.#unlooked = this.#patience
  }
}

const looking = new Set<Lookout>()

function begin(lookout: Lookout): void {
  // A message may come by an event while its link is looked at: there is a loop for it already.
  if (looking.has(lookout)) return
  lookout.begins()
  looking.add(lookout)
  if (looking.size === 1) void lookWhileSpoken()
}

async function lookWhileSpoken(): Promise<void> {
  try {
    do await runtime().yieldToLoop()
    while (foundAny())
  } finally {
    const all = [...looking]
    looking.clear()
    for (const lookout of all) lookout.endsInVain()
  }
}

/** By the real clock: virtual time does not pass while this looks. */
function foundAny(): boolean {
  const untilMs = blockingNow() + lookOutMs
  do {
    for (let left = looksPerClock; left > 0; left -= 1) {
      let found = false
      for (const lookout of looking) if (lookout.look()) found = true
      if (found) return true
      pause()
    }
  } while (blockingNow() < untilMs)
  return false
}
