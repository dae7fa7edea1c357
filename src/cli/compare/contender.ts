/** One model in the race: its executor, its runs, its answers. */
import type { Executor, Model, ProgressListener } from '../../index.ts'
import { measureRun, type RunMeasure } from '../../measure/measure-run.ts'
import { interruptible } from '../interruption.ts'
import type { Checked, Subject } from './subject.ts'

export const plainLoop = 'plain loop'

interface RunOptions {
  /** Whether the run counts; the first one only warms up and gives the memory. */
  readonly timed: boolean
  readonly onProgress: ProgressListener
}

export class Contender {
  readonly model: Model | typeof plainLoop
  /** The timed runs. */
  readonly runs: RunMeasure[] = []
  /** What ended its part in the race, if anything did. */
  failure: unknown
  /** The last answer, or the first wrong one. */
  answer: Checked | undefined
  /** How long the first run took. */
  firstMs = 0
  /** Peak memory of the whole tree of processes in the first run. */
  peakBytes: number | undefined
  readonly #open: (() => Executor) | undefined
  #executor: Executor | undefined

  /** `open` is called at the first run; the plain loop has none. */
  constructor(model: Contender['model'], open?: () => Executor) {
    this.model = model
    this.#open = open
  }

  /** Tasks that can run at the same time. */
  get workers(): number {
    return this.#executor?.workers ?? 1
  }

  get wallMs(): number[] {
    return this.runs.map(({ wallMs }) => wallMs)
  }

  /** Runs once; a failure is kept, an interrupt is thrown. */
  async run(subject: Subject, options: RunOptions): Promise<void> {
    // What occupies this thread is left to the system's own Ctrl-C: no handler could run meanwhile.
    const blocking = this.model === plainLoop || this.model === 'coroutines'
    if (blocking) return this.#run(subject, options, new AbortController().signal)
    return interruptible(signal => this.#run(subject, options, signal))
  }

  async #run(subject: Subject, { timed, onProgress }: RunOptions, signal: AbortSignal): Promise<void> {
    try {
      this.#executor ??= this.#open?.()
      const body =
        this.#executor === undefined
          ? subject.prepareSerial()
          : subject.prepareOn(this.#executor.with({ signal }), onProgress)
      const { answer, measure } = await measureRun(
        body,
        () => this.#executor?.stats().pids ?? [],
        () => subject.companions?.() ?? [],
      )
      if (timed) {
        this.runs.push(measure)
      } else {
        this.firstMs = measure.wallMs
        this.peakBytes = measure.peakBytes
      }
      if (this.answer?.ok !== false) this.answer = subject.check(answer)
    } catch (error) {
      if (signal.aborted) throw error
      this.failure = error
    }
  }
}
