/**
 * An ordered stream of parts over hints that get lost: numbered, heard in their order, and sent
 * again until they were.
 *
 *     say ─▶ unheard ─▶ Frame ─┊─▶ hear ─▶ the next one in order? deliver : wait for it to come again
 *               ▲              ┊             └▶ heard, with the next frame back, or by itself a moment later
 *               └── no sign that it was heard: all again, after a pause that doubles
 *
 * A side that hears nothing for a lease, not even that the other one is there, gives it up.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'

export interface LineEnd {
  readonly leaseMs: number
  /** May get lost. */
  send(first: number, parts: readonly unknown[], heard: number): void
  deliver(part: unknown): void
  /** Nothing was heard for a lease. */
  silent(): void
}

/** How long a part may be unheard until it is sent again; it doubles. */
const shortestAgainMs = 100
const longestAgainMs = 2_000
/** Something may be said meanwhile that says it too. */
const confirmMs = 10
const mostAgain = 64

export class Line {
  readonly #end: LineEnd
  /** Said, and not known to be heard; the oldest has number `#confirmed`. */
  readonly #unheard: unknown[] = []
  #confirmed = 0
  #heard = 0
  #heardMs = runtime().now()
  #againMs = shortestAgainMs
  #timer: Timer | undefined
  #confirming: Timer | undefined
  #held = true
  #over = false

  constructor(end: LineEnd) {
    this.#end = end
    this.#look(end.leaseMs / 5)
  }

  say(part: unknown): void {
    if (this.#over) return
    this.#unheard.push(part)
    this.#send(this.#confirmed + this.#unheard.length - 1, [part])
    if (this.#unheard.length === 1) this.#look(this.#againMs)
  }

  hear(first: number, parts: readonly unknown[], heard: number): void {
    if (this.#over) return
    this.#heardMs = runtime().now()
    const news = Math.min(heard - this.#confirmed, this.#unheard.length)
    if (news > 0) {
      this.#unheard.splice(0, news)
      this.#confirmed += news
      this.#againMs = shortestAgainMs
      this.#look(this.#unheard.length > 0 ? this.#againMs : this.#end.leaseMs / 5)
    }
    for (const [at, part] of parts.entries()) {
      if (first + at !== this.#heard || this.#over) continue
      this.#heard += 1
      this.#end.deliver(part)
    }
    if (parts.length > 0) this.#confirmSoon()
  }

  /** Whether its timers keep the program alive. */
  hold(held: boolean): void {
    this.#held = held
    if (held) this.#timer?.ref()
    else this.#timer?.unref()
  }

  close(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#confirming?.cancel()
  }

  #send(first: number, parts: readonly unknown[]): void {
    this.#confirming?.cancel()
    this.#confirming = undefined
    this.#end.send(first, parts, this.#heard)
  }

  #confirmSoon(): void {
    if (this.#over) return
    this.#confirming ??= runtime().setTimer(confirmMs, () => this.#send(this.#confirmed, []))
  }

  #look(afterMs: number): void {
    this.#timer?.cancel()
    this.#timer = runtime().setTimer(afterMs, () => this.#looked())
    if (!this.#held) this.#timer.unref()
  }

  #looked(): void {
    const { leaseMs } = this.#end
    if (runtime().now() - this.#heardMs >= leaseMs) {
      this.close()
      return this.#end.silent()
    }
    this.#send(this.#confirmed, this.#unheard.slice(0, mostAgain))
    if (this.#unheard.length === 0) return this.#look(leaseMs / 5)
    this.#againMs = Math.min(2 * this.#againMs, longestAgainMs, leaseMs / 5)
    this.#look(this.#againMs)
  }
}
