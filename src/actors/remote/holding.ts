/**
 * Why the program is kept alive for a link: asks that wait for an answer, and tells that were not
 * worked on, as far as this side knows.
 *
 *     tell ─▶ batch n leaves ─▶ … the other side has worked on all that came, says quiet(n) ─▶ let go
 *                              └─ it is busy for more than mostMs after the last tell ───────▶ let go
 */
import type { Timer } from '../../runtime/seam.ts'
import type { System } from '../system.ts'
import { Silence } from './silence.ts'

/** As long as an ask waits, a tell does. */
const mostMs = 5_000

export class Holding {
  readonly #system: System
  readonly #hold: ((some: boolean) => void) | undefined
  #asks = 0
  #holds = false
  /** How many batches have left, and how many had when the last tell left. */
  #left = 0
  /** Of how many of them the other side said last that it has worked on all that came. */
  #quietAt = 0
  #lastTellIn = 0
  #tells = false
  #timer: Timer | undefined
  readonly silence: Silence
  /** How many batches came. */
  came = 0

  constructor(system: System, hold: ((some: boolean) => void) | undefined) {
    this.#system = system
    this.silence = new Silence(system.runtime)
    this.#hold = hold
  }

  asks(count: number): void {
    if (this.#hold === undefined) return
    this.#asks = count
    this.#decide()
  }

  told(): void {
    this.#lastTellIn = this.#left + 1
    if (this.#tells || this.#hold === undefined) return
    this.#tells = true
    this.#limit()
    this.#decide()
  }

  leaves(): void {
    this.#left += 1
  }

  /** All that came there in the first `batch` batches was worked on. */
  quiet(batch: number): void {
    this.#quietAt = batch
    if (this.#tells && batch >= this.#lastTellIn) this.#letGo()
  }

  /** A batch came, and was read. */
  heard(): void {
    this.silence.heard(this.#quietAt === this.#left)
  }

  end(): void {
    this.silence.heard(true)
    this.#asks = 0
    this.#letGo()
  }

  #letGo(): void {
    this.#tells = false
    this.#timer?.cancel()
    this.#timer = undefined
    this.#decide()
  }

  #limit(): void {
    const tellIn = this.#lastTellIn
    this.#timer = this.#system.runtime.setTimer(mostMs, () => {
      if (this.#lastTellIn === tellIn) this.#letGo()
      else this.#limit()
    })
    this.#timer.unref() // The link is held, not the program.
  }

  #decide(): void {
    const holds = this.#asks > 0 || this.#tells
    if (holds === this.#holds) return
    this.#holds = holds
    this.#system.waitingLinks += holds ? 1 : -1
    this.#hold?.(holds)
  }
}
