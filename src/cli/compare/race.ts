/**
 * The comparison itself: every model does the same work, in turns, and each answer is checked.
 *
 *     first pass: plain loop, coroutines, processes, threads   starts the workers, warms the code, takes the memory;
 *                                                              not timed: a first run measures the start
 *     rounds:     A B C D, D C B A, A B C D, …                 timed, one measured run each
 */
import type { Executor, Model } from '../../index.ts'
import { decide, estimateRatio } from '../../measure/estimate.ts'
import { interleaved } from '../../measure/interleave.ts'
import { runtime } from '../../runtime/runtime.ts'
import { closeExecutors, openExecutor } from '../models.ts'
import { Contender, plainLoop } from './contender.ts'
import type { Subject } from './subject.ts'

export interface RaceOptions {
  readonly models: readonly Model[]
  readonly workers: number | undefined
  /** Exactly that many rounds; undefined: as many as tell something, in about `budgetMs`. */
  readonly runs: number | undefined
  readonly budgetMs: number
  /**
   * Told before and during each run: how many runs are done, of about how many, and what goes on.
   */
  readonly onProgress: (done: number, total: number, what: string) => void
}

/**
 * Runs the comparison; the plain loop comes first. A model that fails is a contender with a
 * failure; only an interrupt throws.
 */
export async function race(subject: Subject, options: RaceOptions): Promise<readonly Contender[]> {
  const executors: Executor[] = []
  const open = (model: Model) => {
    const executor = openExecutor(model, options.workers)
    executors.push(executor)
    return executor
  }
  const contenders = [
    new Contender(plainLoop),
    ...options.models.map(model => new Contender(model, () => open(model))),
  ]
  let whole = false
  try {
    await runAll(subject, contenders, options)
    whole = true
    return contenders
  } finally {
    await closeExecutors(executors, { atOnce: !whole })
  }
}

async function runAll(
  subject: Subject,
  contenders: readonly Contender[],
  options: RaceOptions,
): Promise<void> {
  const stillIn = () => contenders.filter(contender => contender.failure === undefined)
  let done = 0
  let expected = contenders.length * (1 + (options.runs ?? fewestRounds))
  const run = async (contender: Contender, what: string, timed: boolean) => {
    const say = (part: number) => options.onProgress(done + part, expected, `${contender.model}, ${what}`)
    say(0)
    await contender.run(subject, {
      timed,
      onProgress: (parts, total) => say(total === undefined ? 0 : parts / total),
    })
    done += 1
  }
  for (const contender of memoryOrder(contenders)) {
    await run(contender, 'first run', false)
    if (contenders[0]?.failure !== undefined) return // Without the plain loop there is nothing to compare with.
  }
  const schedule = new Schedule(options, () => isUndecided(stillIn()))
  for (let round = 0; schedule.wantsRound(round); round += 1) {
    expected = done + stillIn().length * (schedule.rounds - round)
    for (const { contender } of interleaved(contenders.length, { from: round, to: round + 1 })) {
      const next = contenders[contender] as Contender
      if (next.failure === undefined) await run(next, `run ${round + 1}`, true)
    }
  }
}

const fewestRounds = 6

/**
 * How many rounds: what was asked for; else six (the fewest with an honest interval by resampling),
 * more while they are short, twelve if six leave a doubt, and no fewer than three when time runs
 * out. The doubt is looked at once: to go on until the figures please would make them please more
 * often than they should.
 */
class Schedule {
  rounds: number
  readonly #options: RaceOptions
  readonly #doubts: () => boolean
  readonly #begunMs = runtime().now()

  constructor(options: RaceOptions, doubts: () => boolean) {
    this.rounds = options.runs ?? fewestRounds
    this.#options = options
    this.#doubts = doubts
  }

  wantsRound(round: number): boolean {
    const { runs, budgetMs } = this.#options
    if (runs !== undefined) return round < runs
    const passedMs = runtime().now() - this.#begunMs
    if (round >= 3 && passedMs >= budgetMs) return false
    if (round === fewestRounds) {
      const shortRounds = Math.floor((2_000 * round) / passedMs)
      this.rounds = Math.min(25, Math.max(round, shortRounds, this.#doubts() ? 2 * round : 0))
    }
    return round < this.rounds
  }
}

/**
 * Idle threads are part of this process and of its memory, so threads come last: before them, the
 * peak is what the model itself needed.
 */
function memoryOrder(contenders: readonly Contender[]): Contender[] {
  return contenders.toSorted((a, b) => Number(a.model === 'threads') - Number(b.model === 'threads'))
}

function isUndecided([plain, ...others]: readonly Contender[]): boolean {
  return others.some(other => decide(estimateRatio(plain?.wallMs ?? [], other.wallMs)) === 'undecided')
}
