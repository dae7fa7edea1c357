/**
 * What every map has between its inputs and its results: it reads as fast as results are asked for,
 * and passes on what its owner makes of the inputs.
 *
 *     Source ─▶ take(as many as the owner wants) ─▶ owner.accept(first, inputs) ─▶ its calls
 *     Results ◀── deliverRun ◀── deliver(first, run) ◀──────────────────────────────┘
 *
 * It ends with its inputs once nothing is under way; before that with the strand that it was
 * started in, its signal or its time.
 */
import type { AsyncResource } from 'node:async_hooks'
import { TimeoutError } from '../../errors.ts'
import { Limit, type LimitOwner, type Limits } from '../../runtime/limit.ts'
import { runtime } from '../../runtime/runtime.ts'
import { type Stoppable, strandIfAny } from '../../runtime/strand.ts'
import { endingError, type ProgressListener } from '../../task/future.ts'
import { tell } from '../../task/listeners.ts'
import type { OutcomeRun, Producer, ResultsBuffer } from '../../task/results.ts'
import type { Caller } from '../backend.ts'
import { callerHere, withCaller } from '../caller.ts'
import type { Batch, Source } from './inputs.ts'
import type { Packed } from './packed.ts'

const hooks = process.getBuiltinModule('node:async_hooks')

/** What calls the inputs. */
export interface PumpOwner {
  /** How many inputs it takes now. */
  readonly wanted: number
  /** Whether something that it took has not settled. */
  readonly isOpen: boolean
  /** The batch as far as it can be called; it may break the results instead. */
  checked?(batch: Batch): Batch
  /** Takes inputs; the first has that index. */
  accept(first: number, inputs: Packed): void
  /** Does what it has put off to `goOnSoon`. */
  goOn(): void
  /** Whoever runs here waits for results. */
  awaited?(): void
  aborted(reason: unknown): void
  /** Ends all that is under way: nobody wants it any more. */
  drop(reason: unknown): void
  /** It reads no more, and nothing is under way; told once. */
  left?(): void
}

export interface PumpOptions {
  /** As errors name it. */
  readonly name: string
  readonly limits: Limits
  readonly onProgress: ProgressListener | undefined
  /** Who made the call, for its own errors. */
  readonly caller?: Caller
}

export class Pump<T> implements Producer, Stoppable, LimitOwner {
  readonly name: string
  readonly buffer: ResultsBuffer<T>
  /** What it was started in, and ends with. */
  readonly heldBy = strandIfAny()
  /** Inputs are read and calls are made in the context of the caller, whoever asks for them. */
  readonly context: AsyncResource = new hooks.AsyncResource('atonce.map')
  readonly #owner: PumpOwner
  readonly #source: Source
  readonly #limits: Limits
  readonly #onProgress: ProgressListener | undefined
  readonly #caller: Caller
  #limit: Limit | undefined
  #begun = false
  #reading = false
  #goingOn = false
  /** No more inputs are read. */
  #ended = false
  #over = false
  /** What it was started in was cancelled: its results throw that very reason. */
  #stopped = false
  #readCount = 0
  #doneCount = 0

  constructor(owner: PumpOwner, source: Source, buffer: ResultsBuffer<T>, options: PumpOptions) {
    this.name = options.name
    this.buffer = buffer
    this.#owner = owner
    this.#source = source
    this.#limits = options.limits
    this.#onProgress = options.onProgress
    this.#caller = options.caller ?? callerHere
    buffer.producer = this
  }

  /** Whether it reads no more, and nothing is under way. */
  get over(): boolean {
    return this.#over
  }

  get readCount(): number {
    return this.#readCount
  }

  /** How many inputs are not read yet, if one can know. */
  get unread(): number | undefined {
    const { total } = this.#source
    return total === undefined ? undefined : total - this.#readCount
  }

  /** Starts in the next turn, so that the caller can say first how it wants the results. */
  begin(): void {
    const { signal } = this.#limits
    this.heldBy?.hold(this)
    this.#limit = Limit.begin(this.#limits, this)
    runtime().soon(() => {
      this.#begun = true
      if (signal?.aborted) this.aborted(signal.reason)
      else if (this.heldBy?.stopped) this.stop(this.heldBy.reason)
      else if (this.#limits.timeoutMs === 0) this.timedOut(0)
      else this.demand()
    })
  }

  // ── what the results ask for ──

  demand(): void {
    if (this.#begun && !this.#reading && !this.#ended && this.#owner.wanted > 0)
      this.context.runInAsyncScope(this.#read, this)
  }

  awaited(): void {
    this.#owner.awaited?.()
  }

  cancel(reason: unknown): void {
    this.end(this.#stopped ? reason : endingError(this.name, reason))
  }

  // ── reading ──

  /** Reading inputs runs user code (a generator): it is never entered twice at a time. */
  #read(): void {
    this.#reading = true
    while (!this.#ended) {
      const { wanted } = this.#owner
      if (wanted <= 0) break
      const batch = this.#source.take(wanted)
      if (batch instanceof Promise) {
        batch.then(arrived => {
          this.#accept(arrived)
          this.#reading = false
          this.demand()
        })
        return
      }
      this.#accept(batch)
    }
    this.#reading = false
  }

  #accept(batch: Batch): void {
    if (this.#ended) return // It was cancelled while the inputs came.
    const { inputs, ended, failed } = this.#owner.checked?.(batch) ?? batch
    if (this.#ended) return
    this.#readCount += inputs.length
    if (ended) this.#ended = true
    if (failed !== undefined && !batch.ended) this.#source.close()
    if (inputs.length > 0) this.#owner.accept(this.buffer.noteRead(inputs.length), inputs)
    if (!ended) return
    this.buffer.end(this.#readCount, failed)
    this.leaveIfDone()
  }

  // ── delivering ──

  deliver(first: number, run: OutcomeRun<T>): void {
    const { length } = run.values
    this.buffer.deliverRun(first, run)
    this.#delivered(length)
  }

  deliverValue(index: number, value: T): void {
    this.buffer.deliverValue(index, value)
    this.#delivered(1)
  }

  #delivered(count: number): void {
    if (this.#onProgress === undefined) this.#doneCount += count
    else this.context.runInAsyncScope(this.#tellEach, this, this.#onProgress, count)
  }

  #tellEach(onProgress: ProgressListener, count: number): void {
    for (let told = 0; told < count; told += 1) {
      this.#doneCount += 1
      tell('onProgress', onProgress, this.#doneCount, this.#source.total)
    }
  }

  /**
   * Reads on once all has settled that settles in this turn: until then its worker, or its place,
   * still counts as taken.
   */
  goOnSoon(): void {
    if (this.#goingOn) return
    this.#goingOn = true
    runtime().soon(this.#goOn)
  }

  readonly #goOn = (): void => {
    this.#goingOn = false
    this.#owner.goOn()
    if (this.#ended) this.leaveIfDone()
    else this.demand()
  }

  // ── ending ──

  /** The strand that started it was cancelled. The caller knows: results need no reader. */
  stop(reason: unknown): void {
    this.#stopped = true
    this.buffer.cancel(reason)
  }

  aborted(reason: unknown): void {
    this.#owner.aborted(reason)
  }

  timedOut(timeoutMs: number): void {
    const error = new TimeoutError(
      `${this.name} did not end within ${timeoutMs} ms of the call; ${this.#doneCount} calls were done.`,
      timeoutMs,
    )
    this.end(withCaller(error, this.#caller))
  }

  /** Reads no more, drops what is under way, and lets the results throw `error`. */
  end(error: unknown): void {
    if (!this.#ended) {
      this.#ended = true
      this.context.runInAsyncScope(() => this.#source.close())
    }
    this.#owner.drop(error)
    this.#leave()
    this.buffer.break(error)
  }

  leaveIfDone(): void {
    if (this.#ended && !this.#owner.isOpen) this.#leave()
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#limit?.end()
    this.heldBy?.release(this)
    this.#owner.left?.()
  }
}
