/** What atonce sets out to reach, and whether it did. */
import type { Case } from './case.ts'
import type { RivalEntry } from './rival.ts'
import { ratiosOf, type Spread, spreadOf } from './spread.ts'
import type { Played, Standing } from './tournament.ts'

type Goal = RelativeGoal | AbsoluteGoal

interface SomeGoal {
  readonly case: string
  readonly subject: string
  readonly limit: number
  /** Default: the figure of the case. */
  readonly figure?: 'p50Us'
}

interface RelativeGoal extends SomeGoal {
  /** A contender's name, or whichever library is best in this case. */
  readonly rival: string
  /**
   * `times`: how many times as good as the rival (faster, less); at least `limit`. `cost`: how many
   * times what the rival costs; at most `limit`.
   */
  readonly as: 'times' | 'cost'
}

/** The figure itself, in the unit of the case. */
interface AbsoluteGoal extends SomeGoal {
  readonly as: 'at least'
}

const bestLibrary = 'the best library'
const threads = 'atonce threads'
const processes = 'atonce processes'
const coroutines = 'atonce coroutines'

export const goals: readonly Goal[] = [
  { case: 'burst', subject: threads, rival: bestLibrary, as: 'times', limit: 10 },
  { case: 'burst', subject: threads, rival: 'raw-batch', as: 'times', limit: 1 },
  { case: 'burst', subject: processes, rival: 'tinypool processes', as: 'times', limit: 10 },
  { case: '64-in-flight', subject: threads, rival: bestLibrary, as: 'times', limit: 5 },
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
  { case: 'limiter', subject: coroutines, rival: 'p-limit', as: 'times', limit: 1 },
  { case: 'limiter', subject: coroutines, rival: 'p-queue', as: 'times', limit: 2 },
  { case: 'loop-map', subject: coroutines, rival: 'p-map', as: 'times', limit: 1 },
  { case: 'spawn-join', subject: coroutines, rival: 'bare promises', as: 'cost', limit: 3 },
  { case: 'spawn-join', subject: coroutines, rival: 'python asyncio', as: 'times', limit: 5 },
  { case: 'spawn-join', subject: coroutines, rival: 'effect fibers', as: 'times', limit: 1 },
  { case: 'channel', subject: coroutines, as: 'at least', limit: 5e6 },
  { case: 'channel-across-1000', subject: threads, as: 'at least', limit: 5e5 },
  { case: 'channel-across-16', subject: threads, as: 'at least', limit: 5e5 },
  { case: 'crawler', subject: coroutines, rival: 'p-limit', as: 'times', limit: 0.95 },
  { case: 'crawler-at-once', subject: coroutines, rival: 'p-limit', as: 'times', limit: 0.95 },
]

export interface Verdict {
  /**
   * As it was asked of whom: the rival's name stands also where the goal names the best library.
   */
  readonly goal: Goal
  /** The case that it was judged by. */
  readonly case: Case
  /**
   * The ratio, or the figure itself if the goal is one; undefined if the two never ended a round
   * together.
   */
  readonly reached: Spread | undefined
  readonly met: boolean
  /** In how many of how many rounds the goal was met. */
  readonly roundsMet: number
  readonly rounds: number
}

/**
 * Judges all goals whose sides have entered; met is what the median meets, if nothing failed on our
 * side.
 */
export function judge(played: readonly Played[]): Verdict[] {
  return goals.flatMap(goal => {
    const one = played.find(({ case: { name } }) => name === goal.case)
    const subject = one?.standings.find(({ rival }) => rival.name === goal.subject)
    if (!one || !subject) return []
    if (goal.as === 'at least') return [verdict(goal, one, subject, figuresOf(goal, subject))]
    const rival =
      goal.rival === bestLibrary
        ? bestOf(one, 'library')
        : one.standings.find(({ rival }) => rival.name === goal.rival)
    if (!rival) return []
    const [own, its] = [figuresOf(goal, subject), figuresOf(goal, rival)]
    const ratios =
      goal.as === 'cost' || one.case.better === 'higher' ? ratiosOf(own, its) : ratiosOf(its, own)
    return [verdict({ ...goal, rival: rival.rival.name }, one, subject, ratios)]
  })
}

function figuresOf({ figure }: Goal, { samples }: Standing): (number | undefined)[] {
  return Array.from(samples, sample => sample?.[figure ?? 'value'])
}

function verdict(
  goal: Goal,
  { case: played }: Played,
  { ended }: Standing,
  perRound: readonly (number | undefined)[],
): Verdict {
  const known = perRound.filter(figure => figure !== undefined)
  const meets = (figure: number): boolean =>
    goal.as === 'cost' ? figure <= goal.limit : figure >= goal.limit
  const reached = spreadOf(known)
  return {
    goal,
    case: played,
    reached,
    met: reached !== undefined && meets(reached.median) && !ended?.failed,
    roundsMet: known.filter(meets).length,
    rounds: known.length,
  }
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
