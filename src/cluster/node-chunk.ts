/**
 * A chunk of a map on a node: its inputs, of which some may be none here, and the reply for all of
 * them.
 */
import type { Backend, Job } from '../executor/backend.ts'
import { type Packed, type PackedResults, takesItems, unpackedAt } from '../executor/map/packed.ts'
import type { Task } from '../task/task.ts'
import { decode, decodeParts } from '../wire/codec.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { NestedReply, WireOutcome } from '../wire/messages.ts'
import { failureOf } from './node-job.ts'

/** The inputs of a chunk as the task takes them; those that can't be made here fail alone. */
export interface ChunkInputs {
  readonly inputs: Packed
  /** By their place among all that were sent. */
  readonly failures: ReadonlyMap<number, WireFailure>
  readonly count: number
}

export function chunkInputs(sent: unknown, special: boolean): ChunkInputs {
  const failures = new Map<number, WireFailure>()
  if (!special || !Array.isArray(sent)) {
    const inputs = decode(sent, special, 'args') as Packed
    return { inputs, failures, count: inputs.length }
  }
  const revived = decodeParts(sent, 'args', undefined)
  const inputs: unknown[] = []
  for (let at = 0; at < sent.length; at += 1)
    try {
      inputs.push(revived(at))
    } catch (error) {
      failures.set(at, failureOf(error))
    }
  return { inputs, failures, count: sent.length }
}

/** The reply for all inputs, of that for those which could be made. */
export function chunkReply(reply: NestedReply, { failures, count }: ChunkInputs): NestedReply {
  if (failures.size === 0 || reply.kind === 'failed') return reply
  const made = outcomesOf(reply)
  const outcomes: WireOutcome[] = []
  let next = 0
  for (let at = 0; at < count; at += 1) {
    const failure = failures.get(at)
    outcomes.push(failure === undefined ? (made[next++] as WireOutcome) : { ok: false, failure })
  }
  return { kind: 'doneChunk', outcomes }
}

function outcomesOf(reply: Exclude<NestedReply, { kind: 'failed' }>): readonly WireOutcome[] {
  if (reply.kind === 'doneChunk') return reply.outcomes
  const { values, special } = reply.value as PackedResults
  const mustRevive = new Set(special)
  return Array.from(values as ArrayLike<unknown>, (_, at) => ({
    ok: true as const,
    value: unpackedAt(values, at),
    special: mustRevive.has(at),
  }))
}

/**
 * Runs a chunk where there are no messages to save: each input is a job of its own, all at once, so
 * that their waiting overlaps.
 */
export function runApart(
  backend: Backend,
  task: Task,
  { inputs }: ChunkInputs,
  jobOf: (args: readonly unknown[], ended: (reply: NestedReply) => void) => Job,
  ended: (reply: NestedReply) => void,
): readonly Job[] {
  const asItems = takesItems(task)
  const outcomes: WireOutcome[] = new Array(inputs.length)
  let left = inputs.length
  if (left === 0) ended({ kind: 'doneChunk', outcomes })
  const jobs: Job[] = []
  for (let at = 0; at < inputs.length; at += 1) {
    const args = asItems ? [unpackedAt(inputs, at)] : (inputs[at] as readonly unknown[])
    const job = jobOf(args, reply => {
      outcomes[at] =
        reply.kind === 'done'
          ? { ok: true, value: reply.value, special: reply.special }
          : { ok: false, failure: (reply as Extract<NestedReply, { kind: 'failed' }>).failure }
      left -= 1
      if (left === 0) ended({ kind: 'doneChunk', outcomes })
    })
    jobs.push(job)
  }
  for (const job of jobs) backend.submit(job)
  return jobs
}
