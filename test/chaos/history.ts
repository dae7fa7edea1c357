/**
 * Whether what was written down and what the store holds in the end can both be true: of every
 * acknowledged task.
 *
 * The record of a task is a register that is written once. Its history is linearizable if and only
 * if every outcome that anybody was told is the one that it holds in the end, and it holds one
 * (Herlihy and Wing, "Linearizability", 1990).
 */
import type { Line } from './ledger.ts'

/**
 * What the store holds about a task: the token of the run that counts, or the code of its failure.
 */
export type Outcome = { readonly token: string } | { readonly failure: string } | undefined

export interface History {
  readonly acknowledged: ReadonlyMap<string, string>
  readonly begun: ReadonlyMap<string, number>
  readonly endedTokens: ReadonlySet<string>
  readonly endedIds: ReadonlySet<string>
  readonly seen: readonly (readonly [id: string, what: string])[]
  readonly cancelled: ReadonlySet<string>
  readonly wrong: readonly string[]
}

export function historyOf(lines: readonly Line[]): History {
  const acknowledged = new Map<string, string>()
  const begun = new Map<string, number>()
  const endedTokens = new Set<string>()
  const endedIds = new Set<string>()
  const seen: (readonly [string, string])[] = []
  const cancelled = new Set<string>()
  const wrong: string[] = []
  for (const [what, id = '', more = '', ...rest] of lines)
    if (what === 'ack') acknowledged.set(id, more)
    else if (what === 'begin') begun.set(id, (begun.get(id) ?? 0) + 1)
    else if (what === 'end') {
      endedTokens.add(more)
      endedIds.add(id)
    } else if (what === 'saw') seen.push([id, more])
    else if (what === 'cancel') cancelled.add(id)
    else wrong.push([id, more, ...rest].join(' '))
  return { acknowledged, begun, endedTokens, endedIds, seen, cancelled, wrong }
}

/** Kinds of tasks that may run twice. */
const repeatable = new Set(['work', 'flaky', 'unkept', 'cancellable'])

/** Sentences about what may not be; none if all is well. */
export function violationsOf(history: History, outcomeOf: (id: string) => Outcome): string[] {
  const found = [...history.wrong]
  const say = (id: string, what: string) => found.push(`${id}: ${what}`)
  for (const [id, kind] of history.acknowledged) {
    const runs = history.begun.get(id) ?? 0
    if (!repeatable.has(kind) && runs > 1) say(id, `may run once, and was begun ${runs} times`)
    if (kind === 'unkept') {
      if (!history.endedIds.has(id)) say(id, 'was acknowledged, and never ran')
      continue
    }
    const outcome = outcomeOf(id)
    if (outcome === undefined) say(id, `(${kind}) was acknowledged, and is lost`)
    else if ('token' in outcome) {
      if (!history.endedTokens.has(outcome.token)) say(id, 'has the result of a run that never ended')
      if (history.cancelled.has(id)) say(id, 'has a result, though it was cancelled')
      if (kind === 'doomed') say(id, 'has a result, though it always fails')
    } else if (!mayFail(kind, outcome.failure, { isCancelled: history.cancelled.has(id), runs }))
      say(id, `(${kind}) failed with ${outcome.failure}`)
  }
  for (const [id, what] of history.seen) {
    const outcome = outcomeOf(id)
    const holds = outcome && ('token' in outcome ? outcome.token : outcome.failure)
    if (holds !== what) say(id, `its caller was told ${what}, and the store holds ${holds}`)
  }
  return found
}

/**
 * A task that outlasts the lives of so many nodes, one after the other, is given up, as a dead
 * letter: the first two, and five after them.
 */
const runsUntilGivenUp = 7

function mayFail(
  kind: string,
  failure: string,
  { isCancelled, runs }: { isCancelled: boolean; runs: number },
): boolean {
  if (kind === 'work' && failure === 'ATONCE_NODE_LOST') return runs >= runsUntilGivenUp
  if (kind === 'doomed') return failure === 'RangeError' || failure === 'ATONCE_NODE_LOST'
  // The cancellation's own acknowledgement may be what got lost.
  if (kind === 'cancellable')
    return isCancelled || failure === 'ATONCE_ABORTED' || failure === 'ATONCE_NODE_LOST'
  return kind === 'once' && failure === 'ATONCE_NODE_LOST'
}
