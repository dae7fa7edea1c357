/** What atonce sets out to reach, and whether it did. */
import type { Sample } from './case.ts'
import type { RivalEntry } from './rival.ts'
import { ratiosOf, type Spread, spreadOf } from './spread.ts'
import type { Played, Standing } from './tournament.ts'

interface Goal {
  readonly case: string
  readonly subject: string
  /** A contender's name, or whichever library is best in this case. */
  readonly rival: string
  /**
   * `times`: how many times as good as the rival (faster, less); at least `limit`. `cost`: how many times what the rival
   * costs; at most `limit`.
   */
  readonly as: 'times' | 'cost'
  readonly limit: number
  /** Default: the figure of the case. */
  readonly figure?: 'p50Us'
}

const bestPool = 'the best library'
const threads = 'atonce threads'
const processes = 'atonce processes'

export const goals: readonly Goal[] = [
  { case: 'burst', subject: threads, rival: bestPool, as: 'times', limit: 10 },
  { case: 'burst', subject: threads, rival: 'raw-batch', as: 'times', limit: 1 },
  { case: 'burst', subject: processes, rival: 'tinypool processes', as: 'times', limit: 10 },
  { case: '64-in-flight', subject: threads, rival: bestPool, as: 'times', limit: 5 },
  { case: 'one-at-a-time', subject: threads, rival: 'piscina', as: 'times', limit: 1.3 },
  { case: 'one-at-a-time', subject: threads, rival: 'raw', as: 'cost', limit: 1, figure: 'p50Us' },
  { case: 'map', subject: threads, rival: 'piscina', as: 'times', limit: 100 },
  { case: 'map', subject: threads, rival: 'python Pool', as: 'times', limit: 1 },
  { case: 'copied', subject: threads, rival: 'raw', as: 'cost', limit: 1.1 },
  { case: 'moved', subject: threads, rival: 'raw', as: 'cost', limit: 1.1 },
  { case: 'shared', subject: threads, rival: 'raw', as: 'cost', limit: 1.1 },
  { case: 'primes', subject: threads, rival: 'raw1', as: 'times', limit: 0.97 },
  { case: 'collatz', subject: threads, rival: 'raw1', as: 'times', limit: 0.97 },
  { case: 'cold', subject: threads, rival: 'raw', as: 'cost', limit: 1.2 },
  { case: 'memory', subject: threads, rival: 'raw', as: 'cost', limit: 1.15 },
]

export interface Verdict {
  readonly goal: Goal
  /** The rival's name, also where the goal names the best library. */
  readonly rival: string
  /** Undefined if the two never ended a round together. */
  readonly ratio: Spread | undefined
  readonly met: boolean
  /** In how many of how many rounds the goal was met. */
  readonly roundsMet: number
  readonly rounds: number
}

/** Judges all goals whose two sides have entered; met is what the median meets, if nothing failed on our side. */
export function judge(played: readonly Played[]): Verdict[] {
  return goals.flatMap(goal => {
    const one = played.find(({ case: { name } }) => name === goal.case)
    const subject = one?.standings.find(({ rival }) => rival.name === goal.subject)
    const rival =
      one &&
      (goal.rival === bestPool
        ? bestOf(one, 'pool')
        : one.standings.find(({ rival }) => rival.name === goal.rival))
    if (!one || !subject || !rival) return []
    const figure = (sample: Sample | undefined): number | undefined => sample?.[goal.figure ?? 'value']
    const ratios =
      goal.as === 'cost' || one.case.better === 'higher'
        ? ratiosOf(subject.samples.map(figure), rival.samples.map(figure))
        : ratiosOf(rival.samples.map(figure), subject.samples.map(figure))
    const ratio = spreadOf(ratios)
    const meets = (value: number): boolean => (goal.as === 'cost' ? value <= goal.limit : value >= goal.limit)
    return [
      {
        goal,
        rival: rival.rival.name,
        ratio,
        met: ratio !== undefined && meets(ratio.median) && !subject.ended?.failed,
        roundsMet: ratios.filter(meets).length,
        rounds: ratios.length,
      },
    ]
  })
}

/** Who has the best median of a kind. */
export function bestOf(
  { case: { better }, standings }: Played,
  kind: RivalEntry['kind'],
): Standing | undefined {
  const medianOf = ({ samples }: Standing): number | undefined =>
    spreadOf(samples.map(sample => sample?.value))?.median
  return standings
    .filter(standing => standing.rival.kind === kind && medianOf(standing) !== undefined)
    .sort((a, b) => ((medianOf(a) ?? 0) - (medianOf(b) ?? 0)) * (better === 'higher' ? -1 : 1))[0]
}
