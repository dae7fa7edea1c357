/**
 * Nested calls on the caller's side: calls that tasks make on the pool that runs them.
 *
 *     worker A                              pool                                     worker B, or A itself
 *     run(task) ─ nest {seq, id, …} ─▶ NestedJob ─▶ queue, at its head ─▶ an idle one, or one that helps ─▶ fn(…)
 *     future   ◀─ nestedSettled {id} ── (as it came) ◀────────────── done | failed ◀────────────────────────┘
 *
 * Values pass through undecoded: this side need not know their classes.
 * Who helps whom, and what ends with what: families.ts.
 */

import { type Address, addressOf, knowAddress } from '../executor/address.ts'
import type { Job } from '../executor/backend.ts'
import type { Packed } from '../executor/map/packed.ts'
import { Noted, type ReadyJob } from '../executor/ready-job.ts'
import { lookup } from '../task/registry.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { type Crossing, MessageEncoding } from '../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import type { NestedMessage, NestedReply, NestMessage } from '../wire/messages.ts'
import type { Life } from '../worker/life.ts'
import { unsendable } from '../worker/reply.ts'
import { noteOn } from './readying.ts'

/** Makes jobs of the calls that tasks make. */
export class NestedJobs {
  readonly #named = new NamedTasks()
  readonly #crossing: Crossing

  constructor(crossing: Crossing) {
    this.#crossing = crossing
  }

  /** `life` is that of the worker on which `parent` runs and makes the call. */
  jobOf(message: NestMessage, parent: ReadyJob, life: Life): ReadyJob {
    const task = this.#named.find(message)
    const job = new NestedJob(message, task, this.#crossing, news => life.send(news))
    const { args, special, moved } = message
    return noteOn(job, { value: args, special, transfer: moved }, parent.stores)
  }
}

/** A nested call, as the pool takes it. */
class NestedJob extends Noted implements Job {
  readonly task: Task
  readonly args: readonly unknown[] | undefined
  readonly inputs: Packed | undefined
  readonly calls: number | undefined
  readonly attempt: number
  readonly priority: number
  readonly caller = {} // The side that made the call knows its own stack.
  readonly relayed = true
  readonly id: number
  readonly #crossing: Crossing
  readonly #tell: (message: NestedMessage) => void

  /** `tell` sends to the worker that made the call; it throws what the platform throws. */
  constructor(message: NestMessage, task: Task, crossing: Crossing, tell: (message: NestedMessage) => void) {
    super()
    this.task = task
    this.id = message.id
    this.args = message.chunk ? undefined : (message.args as readonly unknown[])
    this.inputs = message.chunk ? (message.args as Packed) : undefined
    this.calls = this.inputs?.length
    this.attempt = message.attempt
    this.priority = message.priority
    this.#crossing = crossing
    this.#tell = tell
  }

  started(): void {
    this.#tell({ kind: 'nestedStarted', id: this.id })
  }

  progressed(done: number, total: number | undefined): void {
    this.#tell({ kind: 'nestedProgress', id: this.id, done, total })
  }

  settled(outcome: Outcome<unknown>, workMs?: number): void {
    this.#end(this.#replyOf(outcome), workMs, false)
  }

  left(error: Error): void {
    this.#end(this.#replyOf({ ok: false, error }), undefined, true)
  }

  #end(reply: NestedReply, workMs: number | undefined, left: boolean): void {
    const { id } = this
    try {
      this.#tell({ kind: 'nestedSettled', id, reply, workMs, left })
    } catch (cause) {
      this.#tell({ kind: 'nestedSettled', id, reply: this.#replyOf(unsendable(cause)), workMs, left })
    }
  }

  #replyOf(outcome: Outcome<unknown>): NestedReply {
    if (outcome.ok) return outcome.value as NestedReply
    if (outcome.error instanceof RelayedFailure) return { kind: 'failed', failure: outcome.error.failure }
    const failure = encodeFailure(outcome.error, new MessageEncoding(this.#crossing))
    return { kind: 'failed', failure }
  }
}

/** A failure of the far side, still encoded. */
export class RelayedFailure extends Error {
  readonly failure: WireFailure

  constructor(failure: WireFailure) {
    super('A failure on its way to another worker.')
    this.failure = failure
  }
}

/** The outcome of a relayed job: the reply itself. */
export function relayedOutcome(reply: NestedReply): Outcome<unknown> {
  return reply.kind === 'failed'
    ? { ok: false, error: new RelayedFailure(reply.failure) }
    : { ok: true, value: reply }
}

/**
 * Finds the tasks that workers name: this side's own, or a stand-in where this side has not
 * imported the module.
 */
class NamedTasks {
  readonly #standIns = new Map<string, Task>()

  find(address: Address): Task {
    const { module, position, name, version } = address
    const found = lookup(module)
    const own = found?.tasks[position] as Task | undefined
    if (
      own !== undefined &&
      isImportable(own) &&
      own.name === name &&
      found?.version?.mtimeMs === version?.mtimeMs &&
      found?.version?.sizeBytes === version?.sizeBytes
    )
      return own
    const key = `${position} ${version?.mtimeMs} ${name} ${module}`
    const known = this.#standIns.get(key)
    if (known !== undefined) return known
    const standIn = standInFor(address)
    this.#standIns.set(key, standIn)
    return standIn
  }
}

/** Whether workers can import the task's module. A task of a test file has no address. */
function isImportable(task: Task): boolean {
  try {
    return addressOf(task) !== undefined
  } catch {
    return false
  }
}

/** Only its address and name are used. */
function standInFor(address: Address): Task {
  const { module, position, name, version, digest, isCommonJs = false, isVerbatim = false } = address
  const standIn = Object.defineProperties(() => {}, {
    name: { value: name },
    module: { value: module },
    position: { value: position },
    idempotent: { value: false },
  }) as unknown as Task
  knowAddress(standIn, { module, position, name, version, digest, isCommonJs, isVerbatim })
  return standIn
}
