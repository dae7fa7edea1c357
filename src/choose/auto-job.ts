/**
 * A job on its way through `auto()`: the caller's own, as it is given to the loop or to a pool, and
 * measured there.
 */

import type { AsyncResource } from 'node:async_hooks'
import type { Backend, Job } from '../executor/backend.ts'
import { type Packed, type PackedResults, takesItems, unpackedAt } from '../executor/map/packed.ts'
import type { Queued } from '../executor/queue.ts'
import { Noted } from '../executor/ready-job.ts'
import { threadCpu } from '../measure/thread-cpu.ts'
import { threadDelayMs } from '../measure/thread-delay.ts'
import { runtime } from '../runtime/runtime.ts'
import { currentCall } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { isThenable } from '../task/thenable.ts'
import { dropMark } from '../task/transfer.ts'
import { ownContexts } from '../worker/far/own-context.ts'
import { type Block, mostTimedAlone, ownPart, runInTurn, shortestAloneMs } from './block.ts'
import type { Knowledge, Seen } from './knowledge.ts'

/** What stands in the queue. */
export interface Ticket extends Queued {
  readonly auto: AutoJob
}

const hooks = process.getBuiltinModule('node:async_hooks')

export interface AutoJobOwner {
  /** It has its outcome; `seen` is what it took here, if it ran here to its end. */
  ended(auto: AutoJob, outcome: Outcome<unknown>, workMs: number | undefined, seen: Seen | undefined): void
}

/**
 *     queued ──▶ here (on the loop) ──▶ over
 *        └─────▶ threads (in the pool) ─▶ over
 */
export class AutoJob extends Noted implements Job {
  readonly own: Job
  readonly knowledge: Knowledge
  state: 'queued' | 'here' | 'threads' | 'over' = 'queued'
  /** The loop or the pool that has it. */
  place: Backend | undefined
  begun = false
  /** As the how manieth call of its task it began here, if no other ran here then. */
  turnAlone: number | undefined
  readonly #owner: AutoJobOwner
  readonly #scope: AsyncResource
  #seen: Seen | undefined

  constructor(own: Job, knowledge: Knowledge, owner: AutoJobOwner) {
    super()
    this.own = own
    this.knowledge = knowledge
    this.#owner = owner
    this.ticket = { auto: this, priority: own.priority, waiting: false, order: 0 }
    own.ready = this
    this.#scope = own.context ?? new hooks.AsyncResource('atonce.call')
  }

  /** Its place in the queue of `auto()`; its own notes are those of the pool's queue. */
  readonly ticket: Ticket

  get calls(): number | undefined {
    return this.own.calls
  }

  /** Gives it to the loop or to a pool, in the context of its caller. */
  giveTo(place: Backend): void {
    this.place = place
    this.#scope.runInAsyncScope(place.submit, place, this)
  }

  // ── as the loop and the pool see it ──

  get task(): Task {
    const { knowledge, own } = this
    if (this.state !== 'here' || own.stream !== undefined) return own.task
    knowledge.measured ??= measured(own.task)
    return knowledge.measured
  }

  get args(): readonly unknown[] | undefined {
    const { args, stream } = this.own
    return this.state === 'here' && stream === undefined ? [this] : args
  }

  get inputs(): Packed | undefined {
    return this.state === 'here' ? undefined : this.own.inputs
  }

  get priority(): number {
    return this.own.priority
  }

  get caller(): Job['caller'] {
    return this.own.caller
  }

  get within(): Job['within'] {
    return this.own.within
  }

  get waitedFor(): boolean {
    return this.own.waitedFor === true
  }

  /** Whatever it is to be, it was accepted when it came. */
  get accepted(): boolean {
    return true
  }

  get attempt(): number {
    return this.own.attempt ?? 1
  }

  /** That of the caller: it may be given to the loop or the pool long after it came. */
  get context(): AsyncResource {
    return this.#scope
  }

  get to(): Job['to'] {
    return this.own.to
  }

  get stream(): Job['stream'] {
    return this.own.stream
  }

  started(): void {
    this.begun = true
    this.own.started()
  }

  progressed(done: number, total: number | undefined): void {
    this.own.progressed(done, total)
  }

  settled(outcome: Outcome<unknown>, workMs?: number): void {
    this.#owner.ended(this, outcome, workMs, this.#seen)
  }

  // ── here ──

  /** Calls the task, or its chunk, with a clock around it. */
  call(): unknown {
    const { task, args, inputs } = this.own
    if (inputs !== undefined) return this.#chunk(task as never, inputs)
    for (const arg of args as readonly unknown[]) dropMark(arg)
    return this.#one(task as never, args as readonly unknown[])
  }

  #one(task: (...args: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
    // What waits is measured side by side, all of it together.
    const onTrial = this.knowledge.lane === 'trial' && !this.knowledge.returnsPromise
    const openedMs = runtime().now()
    const delayMs = onTrial ? threadDelayMs() : 0
    const cpu = this.turnAlone !== undefined ? threadCpu() : undefined
    const begun = runtime().now()
    const result = task(...args)
    if (isThenable(result)) return this.#waited(Promise.resolve(result), args, begun, cpu)
    const tookMs = runtime().now() - begun
    // What others took of the core is none of the call's. Afterwards the median of many calls tells
    // one that was held up.
    const wallMs = onTrial ? ownPart(tookMs, openedMs, delayMs) : tookMs
    this.#seen = { calls: 1, wallMs, longestMs: wallMs, cpuMs: wallMs, returnsPromise: false }
    this.#keep(args, result)
    return result
  }

  async #waited(
    pending: Promise<unknown>,
    args: readonly unknown[],
    begun: number,
    cpu: NodeJS.CpuUsage | undefined,
  ): Promise<unknown> {
    this.knowledge.returnsPromise = true
    const result = await pending
    const wallMs = runtime().now() - begun
    const used = cpu === undefined || !this.#ranAlone ? undefined : threadCpu(cpu)
    const cpuMs = used === undefined ? undefined : (used.user + used.system) / 1_000
    this.#seen = { calls: 1, wallMs, longestMs: wallMs, cpuMs, returnsPromise: true }
    this.#keep(args, result)
    return result
  }

  /** While it ran here, no other call of its task did: what this thread computed was its own. */
  get #ranAlone(): boolean {
    return this.knowledge.begunHere === this.turnAlone
  }

  #keep(args: readonly unknown[], result: unknown): void {
    if (this.knowledge.wantsSamples) this.knowledge.keep({ args, result })
  }

  #chunk(task: (...args: readonly unknown[]) => unknown, inputs: Packed): unknown {
    dropMark(inputs)
    const items = takesItems(task)
    const calls: (readonly unknown[])[] = []
    for (let at = 0; at < inputs.length; at += 1) {
      const input = unpackedAt(inputs, at)
      if (items) dropMark(input)
      calls.push(items ? [input] : (input as readonly unknown[]))
    }
    const call = currentCall()
    const apart = call === undefined ? undefined : ownContexts(call)
    const one = apart === undefined ? task : (...args: readonly unknown[]) => apart(() => task(...args))
    // To read the clock around each short call would cost more than the call.
    const each = calls.length <= mostTimedAlone || this.knowledge.wallMs > shortestAloneMs
    const block = runInTurn(one, calls, { kept: 0, alone: this.knowledge.lane === 'trial', each })
    return block instanceof Promise ? block.then(done => this.#answer(done)) : this.#answer(block)
  }

  /** As a worker answers a chunk: see executor/map/packed.ts. */
  #answer({ values, failures, wallMs, cpuMs, itemsMs, returnsPromise }: Block): unknown {
    const longestMs = itemsMs.length === 0 ? wallMs / values.length : Math.max(...itemsMs)
    const known = returnsPromise ? (this.#ranAlone ? cpuMs : undefined) : wallMs
    this.#seen = { calls: values.length, wallMs, longestMs, cpuMs: known, returnsPromise }
    if (failures === undefined) return { values, special: [], longestMs } satisfies PackedResults
    return values.map(
      (value, at): Outcome<unknown> =>
        failures.has(at) ? { ok: false, error: failures.get(at) } : { ok: true, value },
    )
  }
}

/** What the loop runs for the task: by name and address the task itself. */
function measured({ name, module, position }: Task): Task {
  const run = (auto: AutoJob) => auto.call()
  const own = { name: { value: name }, module: { value: module }, position: { value: position } }
  return Object.defineProperties(run, own) as unknown as Task
}
