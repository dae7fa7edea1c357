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
import { closeExecutors, openExecutor } from '../models.ts'
import { Contender, plainLoop } from './contender.ts'
import type { Subject } from './subject.ts'

export interface RaceOptions {
  readonly models: readonly Model[]
  readonly workers: number | undefined
  /** Exactly that many rounds; undefined: as many as tell something, in about `budgetMs`. */
  readonly runs: number | undefined
  readonly budgetMs: number
  /** Told before and during each run: how many runs are done, of about how many, and what goes on. */
  readonly onProgress: (done: number, total: number, what: string) => void
}

/** Runs the comparison; the plain loop comes first. A model that fails is a contender with a failure; only an interrupt throws. */
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
  const runRounds = async (from: number, to: number) => {
    expected = done + stillIn().length * ((options.runs ?? Math.max(to, fewestRounds)) - from)
    for (const { round, contender } of interleaved(contenders.length, { from, to })) {
      const next = contenders[contender] as Contender
      if (next.failure === undefined) await run(next, `run ${round + 1}`, true)
    }
  }

  for (const contender of memoryOrder(contenders)) {
    await run(contender, 'first run', false)
    if (contenders[0]?.failure !== undefined) return // Without the plain loop there is nothing to compare with.
  }
  if (options.runs !== undefined) return runRounds(0, options.runs)
  await runRounds(0, 1)
  const roundMs = stillIn().reduce((sum, { wallMs: [ms = 0] }) => sum + ms, 0)
  const planned = plannedRounds(roundMs, options.budgetMs)
  await runRounds(1, planned)
  const affordable = Math.min(2 * planned, Math.floor(options.budgetMs / roundMs))
  if (affordable > planned && isUndecided(stillIn())) await runRounds(planned, affordable)
}

const fewestRounds = 6

/** Six rounds, the fewest with an honest interval by resampling; more when they are short, three when six take too long. */
function plannedRounds(roundMs: number, budgetMs: number): number {
  if (roundMs * fewestRounds > budgetMs) return Math.max(3, Math.floor(budgetMs / roundMs))
  return Math.min(25, Math.max(fewestRounds, Math.floor(2_000 / roundMs)))
}

/**
 * Idle threads are part of this process and of its memory, so threads come last: before them, the peak is what the
 * model itself needed.
 */
function memoryOrder(contenders: readonly Contender[]): Contender[] {
  return contenders.toSorted((a, b) => Number(a.model === 'threads') - Number(b.model === 'threads'))
}

function isUndecided([plain, ...others]: readonly Contender[]): boolean {
  return others.some(other => decide(estimateRatio(plain?.wallMs ?? [], other.wallMs)) === 'undecided')
}
