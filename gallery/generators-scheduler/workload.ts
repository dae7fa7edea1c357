/**
 * Generators that take turns, and the same on an event loop: taking turns helps where there is
 * something to wait for.
 */
import type { Executor } from '../../src/index.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { pauseByBlocking } from './pause.ts'
import { type RoutineName, routine, routineNames } from './routines.ts'
import { takeTurns } from './scheduler.ts'
import { add, emptyTally, type Tally } from './tally.ts'
import { runRoutine } from './tasks.ts'

export interface GeneratorsSize extends Size {
  readonly from: number
  readonly to: number
  /** How long each routine pauses before it begins. */
  readonly pauseMs: number
  /** What is known of the primes; numbers and squares have formulas. */
  readonly primes: Tally
}

/** One tally for each routine, in the order of `routineNames`. */
type Answer = readonly Tally[]

export const generatorsScheduler: Workload<Answer, GeneratorsSize> = {
  name: 'generators-scheduler',
  title: 'Generators that take turns',
  lesson: 'A pause that blocks holds up everybody; a pause that is awaited is time for the others.',
  sizes: {
    S: {
      label: '10 to 50, pauses of 10 ms',
      from: 10,
      to: 50,
      pauseMs: 10,
      primes: { count: 11, sum: 311, last: 47 },
    },
    M: {
      label: '10 to 20,000, pauses of 200 ms',
      from: 10,
      to: 20_000,
      pauseMs: 200,
      primes: { count: 2_258, sum: 21_171_174, last: 19_997 },
    },
    L: {
      label: '10 to 200,000, pauses of 1 s',
      from: 10,
      to: 200_000,
      pauseMs: 1_000,
      primes: { count: 17_980, sum: 1_709_600_796, last: 199_999 },
    },
    workshop: {
      label: '10 to 50, pauses of 1 s',
      from: 10,
      to: 50,
      pauseMs: 1_000,
      primes: { count: 11, sum: 311, last: 47 },
    },
  },
  defaultSize: 'M',

  /** The workshop's scheduler, with the fault that is meant to be seen: its pauses block. */
  serial({ from, to, pauseMs }) {
    const tallies = new Map(routineNames.map((name): [RoutineName, Tally] => [name, emptyTally()]))
    takeTurns(
      new Map(routineNames.map(name => [name, blockingRoutine(name, from, to, pauseMs)])),
      (name, value) => add(tallies.get(name) as Tally, value),
    )
    return [...tallies.values()]
  },

  async parallel(executor: Executor, { from, to, pauseMs }: GeneratorsSize, options: ParallelOptions = {}) {
    const calls = routineNames.map((name): [RoutineName, number, number, number] => [name, from, to, pauseMs])
    return executor.map(runRoutine, calls, { ...options, chunk: 1 })
  },

  check(answer, size): Verdict {
    const [shows, expected] = [inWords(answer), inWords(expectedOf(size))]
    return { ok: shows === expected, shows, expected }
  },
}

function* blockingRoutine(
  name: RoutineName,
  from: number,
  to: number,
  pauseMs: number,
): Generator<number, void, void> {
  pauseByBlocking(pauseMs)
  yield* routine(name, from, to)
}

/** The sums of whole numbers and of their squares by their formulas. */
function expectedOf({ from, to, primes }: GeneratorsSize): Answer {
  const count = to - from + 1
  // Divided in between: the whole product would be too large to be exact.
  const squaresTo = (n: number) => (((n * (n + 1)) / 2) * (2 * n + 1)) / 3
  return [
    { count, sum: (count * (from + to)) / 2, last: to },
    { count, sum: squaresTo(to) - squaresTo(from - 1), last: to * to },
    primes,
  ]
}

function inWords(answer: Answer): string {
  return answer
    .map(({ count, sum, last }, nth) => {
      const [many, total, end] = [count, sum, last].map(n => n.toLocaleString('en-US'))
      return `${many} ${routineNames[nth]} to ${end}, sum ${total}`
    })
    .join('; ')
}
