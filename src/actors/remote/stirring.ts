/**
 * What a worker says of its actors from time to time: who is busy, how many messages wait, and that
 * all that came was worked on. Near, a tree shows it, and the program ends no earlier.
 *
 *     an actor gets something to do ─▶ stirring ─▶ a look after 4 ms, 8 ms, … 100 ms ─▶ status
 *                                         └── idle ─▶ not stirring; nobody stirs ─▶ quiet, no more looks
 *
 * A look costs what it tells; nothing is counted while messages are worked on. Near, one that fails
 * to come says that code there does not await: silence.ts.
 */
import type { Timer } from '../../runtime/seam.ts'
import type { Cell } from '../cell.ts'
import type { System } from '../system.ts'

const firstLookMs = 4
const lastLookMs = 100

/** Of each actor: its number on the link, 1 if busy, messages that wait, tells that are done. */
export type Status = readonly number[]

export interface StatusLink {
  /** Its number on the link, if the other side knows it, and how many of the tells are done. */
  progressOf(cell: Cell): { readonly number: number; readonly done: number } | undefined
  status(of: Status, quiet: boolean): void
}

export class Stirring {
  readonly #system: System
  readonly #link: StatusLink
  readonly #stirring = new Set<Cell>()
  /** What was told last of those that stir. */
  readonly #told = new Map<Cell, string>()
  #timer: Timer | undefined
  #delayMs = firstLookMs

  constructor(system: System, link: StatusLink) {
    this.#system = system
    this.#link = link
    system.stirs = cell => this.#add(cell as Cell)
  }

  /** Something came that may be done already. */
  came(): void {
    if (this.#timer === undefined) this.#lookIn(firstLookMs)
  }

  #add(cell: Cell): void {
    cell.stirring = true
    this.#stirring.add(cell)
    this.came()
  }

  #lookIn(delayMs: number): void {
    this.#delayMs = delayMs
    this.#timer = this.#system.runtime.setTimer(delayMs, () => {
      this.#timer = undefined
      this.#look()
    })
    this.#timer.unref()
  }

  #look(): void {
    const status: number[] = []
    for (const cell of this.#stirring) {
      const isBusy = cell.current !== undefined
      this.#tell(cell, isBusy, status)
      if (isBusy || (cell.waiting > 0 && cell.ended === undefined)) continue
      cell.stirring = false
      this.#stirring.delete(cell)
      this.#told.delete(cell)
    }
    const isQuiet = this.#stirring.size === 0 && this.#system.waitingLinks === 0
    this.#link.status(status, isQuiet) // One that says nothing new too: it is not silent.
    if (!isQuiet) this.#lookIn(Math.min(lastLookMs, 2 * this.#delayMs))
  }

  #tell(cell: Cell, isBusy: boolean, status: number[]): void {
    const progress = this.#link.progressOf(cell)
    if (progress === undefined) return
    const now = [progress.number, isBusy ? 1 : 0, cell.waiting, progress.done]
    const text = now.join()
    if (this.#told.get(cell) === text) return
    this.#told.set(cell, text)
    status.push(...now)
  }
}
