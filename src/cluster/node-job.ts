/** A task from the store as a job of the executor that the node runs it on. */
import type { AsyncResource } from 'node:async_hooks'
import type { Inlet, Job } from '../executor/backend.ts'
import type { Packed } from '../executor/map/packed.ts'
import { Noted } from '../executor/ready-job.ts'
import { RelayedFailure } from '../pool/nested.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { encodeNow, MessageEncodingNow } from '../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import type { NestedReply } from '../wire/messages.ts'
import { crossing } from './messages.ts'

/** Who is told how the job goes. */
export interface NodeJobOwner {
  started(): void
  progressed(done: number, total: number | undefined): void
  ended(reply: NestedReply, workMs: number): void
}

export interface NodeJobParts {
  readonly task: Task
  /** The arguments, or of a chunk its inputs. */
  readonly args: readonly unknown[] | undefined
  readonly inputs: Packed | undefined
  readonly attempt: number
  /** Whether workers answer in the words of the wire, which are then handed on as they are. */
  readonly relayed: boolean
  readonly stream: Inlet | undefined
  readonly context: AsyncResource
  readonly to: string | number | undefined
  /** The span of this run. */
  readonly traceparent: string | undefined
}

const noCaller = {} // The side that made the call knows its own stack.

export class NodeJob extends Noted implements Job {
  readonly task: Task
  readonly args: readonly unknown[] | undefined
  readonly inputs: Packed | undefined
  readonly attempt: number
  readonly priority = 0
  readonly caller = noCaller
  readonly stream: Inlet | undefined
  readonly context: AsyncResource
  readonly to: string | number | undefined
  readonly traceparent: string | undefined
  declare readonly relayed?: true
  readonly #owner: NodeJobOwner

  constructor(parts: NodeJobParts, owner: NodeJobOwner) {
    super()
    this.task = parts.task
    this.args = parts.args
    this.inputs = parts.inputs
    this.attempt = parts.attempt
    this.stream = parts.stream
    this.context = parts.context
    this.to = parts.to
    this.traceparent = parts.traceparent
    if (parts.relayed && parts.stream === undefined) this.relayed = true
    this.#owner = owner
  }

  started(): void {
    this.#owner.started()
  }

  progressed(done: number, total: number | undefined): void {
    this.#owner.progressed(done, total)
  }

  settled(outcome: Outcome<unknown>, workMs = 0): void {
    this.#owner.ended(outcome.ok && this.relayed ? (outcome.value as NestedReply) : replyOf(outcome), workMs)
  }

  left(error: Error): void {
    this.#owner.ended(replyOf({ ok: false, error }), 0)
  }
}

/** The outcome in the words of the wire. */
export function replyOf(outcome: Outcome<unknown>): NestedReply {
  if (!outcome.ok) return { kind: 'failed', failure: failureOf(outcome.error) }
  try {
    const { value, special } = encodeNow(outcome.value, 'result', crossing)
    return { kind: 'done', value, special }
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) }
  }
}

export function failureOf(error: unknown): WireFailure {
  if (error instanceof RelayedFailure) return error.failure
  return encodeFailure(error, new MessageEncodingNow(crossing))
}
