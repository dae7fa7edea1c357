/** What a job's outcome says of each input of its chunk. */
import { ProtocolError } from '../../errors.ts'
import type { Outcome, OutcomeRun } from '../../task/results.ts'
import { nameOf } from '../../task/task.ts'
import type { MapJob } from './job.ts'
import { isPackedResults, unpacked } from './packed.ts'

/** A part of what a chunk has brought. */
export interface Piece {
  /** The index of the first input. */
  readonly first: number
  readonly run: OutcomeRun<unknown>
}

/**
 * How the calls ended; a chunk that failed as a whole (its worker died) failed for each. `worker`
 * is for errors.
 */
export function runOf(job: MapJob, outcome: Outcome<unknown>, worker: string): OutcomeRun<unknown> {
  const { count } = job.of
  if (!outcome.ok) return failedRun(count, outcome.error)
  if (job.inputs === undefined) return { values: [outcome.value] }
  const reply = outcome.value
  if (Array.isArray(reply) && reply.length === count) return runOfOutcomes(reply)
  try {
    if (isPackedResults(reply, count)) return unpacked(reply)
  } catch {} // What can't be revived was never encoded by atonce.
  return failedRun(
    count,
    new ProtocolError('results that do not fit the inputs', { worker, task: nameOf(job.task) }),
  )
}

/** The run in pieces, without the places that are missing from it. */
export function piecesOf(
  first: number,
  { values, failures }: OutcomeRun<unknown>,
  gaps: ReadonlySet<number>,
): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const to of [...gaps, values.length]) {
    if (to > from) pieces.push({ first: first + from, run: partOf(values, failures, from, to) })
    from = to + 1
  }
  return pieces
}

function partOf(
  values: readonly unknown[],
  failures: ReadonlyMap<number, unknown> | undefined,
  from: number,
  to: number,
): OutcomeRun<unknown> {
  const own = [...(failures ?? [])].filter(([at]) => at >= from && at < to)
  return {
    values: values.slice(from, to),
    failures: own.length === 0 ? undefined : new Map(own.map(([at, error]) => [at - from, error])),
  }
}

function failedRun(count: number, error: unknown): OutcomeRun<unknown> {
  const failures = new Map<number, unknown>()
  for (let at = 0; at < count; at += 1) failures.set(at, error)
  return { values: new Array(count).fill(undefined), failures }
}

function runOfOutcomes(outcomes: readonly Outcome<unknown>[]): OutcomeRun<unknown> {
  const values: unknown[] = []
  const failures = new Map<number, unknown>()
  for (const [at, outcome] of outcomes.entries()) {
    values.push(outcome.ok ? outcome.value : undefined)
    if (!outcome.ok) failures.set(at, outcome.error)
  }
  return { values, failures: failures.size === 0 ? undefined : failures }
}
