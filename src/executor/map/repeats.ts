/** Which inputs of a map are called again after they have failed, and when. */
import type { OutcomeRun } from '../../task/results.ts'
import type { Pause, Paused } from '../repeat/pauses.ts'
import { type Attempts, repeat } from '../repeat/retry.ts'
import { type Chunk, chunkOf } from './job.ts'
import { type Piece, piecesOf } from './outcomes.ts'

/** What the map does for its repeats. */
export interface Repeater {
  /** Notes the attempts of an input that has failed for the first time. */
  begin(): Attempts
  /** Sends one input again. */
  submit(chunk: Chunk): void
  pause(ms: number, paused: Paused): Pause
  /** The call that made the map has ended. */
  left(error: Error): void
}

export class MapRepeats {
  readonly #map: Repeater
  readonly #pauses = new Set<Pause>()

  constructor(map: Repeater) {
    this.#map = map
  }

  /** How many inputs wait to be called again; they count as under way meanwhile. */
  get waiting(): number {
    return this.#pauses.size
  }

  /**
   * Calls again what has failed and may be repeated, each input by itself, and returns the rest of
   * the run in its pieces.
   */
  take(chunk: Chunk, run: OutcomeRun<unknown>): Piece[] {
    if (run.failures === undefined) return [{ first: chunk.first, run }]
    const failures = new Map(run.failures)
    const again: Chunk[] = []
    for (const [at, error] of run.failures) {
      const attempts = chunk.attempts ?? this.#map.begin()
      const inputs = chunk.inputs.slice(at, at + 1)
      const left = attempts.afterFailure(error)
      if (left === repeat) again.push({ ...chunkOf(chunk.first + at, inputs), attempts })
      else failures.set(at, left)
    }
    for (const one of again) this.#repeat(one)
    const gaps = new Set(again.map(({ first }) => first - chunk.first))
    return piecesOf(chunk.first, { values: run.values, failures }, gaps)
  }

  /** Nothing that waits is called again. */
  cancel(): void {
    for (const pause of this.#pauses) pause.cancel()
    this.#pauses.clear()
  }

  #repeat(chunk: Chunk): void {
    const delayMs = chunk.attempts?.delayMs ?? 0
    if (delayMs === 0) return this.#map.submit(chunk)
    const pause = this.#map.pause(delayMs, {
      again: () => {
        this.#pauses.delete(pause)
        this.#map.submit(chunk)
      },
      left: error => this.#map.left(error),
    })
    this.#pauses.add(pause)
  }
}
