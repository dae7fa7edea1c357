/**
 * Runs a call on the far side, whatever its kind, and answers it once.
 *
 *     run ─▶ the task, imported ─▶ in the call's context ─┬─ a value ────────▶ done
 *                                                         ├─ a promise ──────▶ later: done
 *                                                         ├─ of a chunk ─────▶ chunk-call.ts: done | doneChunk
 *                                                         ├─ of a stream ────▶ stream-call.ts: yielded …, done
 *                                                         └─ thrown ─────────▶ failed
 */
import { StreamCall } from '../../executor/here/stream-call.ts'
import type { Packed } from '../../executor/map/packed.ts'
import { type Runtime, runtime } from '../../runtime/runtime.ts'
import type { CallContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { isThenable } from '../../task/thenable.ts'
import { decode } from '../../wire/codec.ts'
import type { WireStores } from '../../wire/messages.ts'
import type { HeardStorages } from '../../wire/propagation.ts'
import { YieldWriter } from '../../wire/yields.ts'
import { type ChunkOutcome, callEach, chunkReply } from './chunk-call.ts'
import type { Call } from './inbox.ts'
import type { KnownTasks } from './known-tasks.ts'
import type { MemoryGauge } from './memory-gauge.ts'
import type { Outgoing } from './outgoing.ts'
import { inOwnContext } from './own-context.ts'
import type { RunningCalls } from './running.ts'
import type { WorkClock } from './work-clock.ts'

/** The rest of the worker. */
export interface RunnerParts {
  readonly tasks: KnownTasks
  readonly storages: HeardStorages
  readonly running: RunningCalls
  readonly outgoing: Outgoing
  readonly clock: WorkClock
  readonly gauge: MemoryGauge | undefined
  /** Whether another call waits, whose answer will follow soon. */
  hasMore(): boolean
  /** Sends what was printed and is kept back. */
  flushOutput(): void
  /** What to wait for before a call whose module was just imported may begin, if anything. */
  heldUp(): Promise<void> | undefined
}

export class CallRunner {
  readonly #parts: RunnerParts
  readonly #tasks: KnownTasks
  readonly #running: RunningCalls
  readonly #outgoing: Outgoing
  readonly #clock: WorkClock
  readonly #runtime: Runtime = runtime()

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#tasks = parts.tasks
    this.#running = parts.running
    this.#outgoing = parts.outgoing
    this.#clock = parts.clock
  }

  /** Runs a call and answers it: at once, or when the promise that it returns has resolved. */
  run(call: Call, context: CallContext): Promise<void> | undefined {
    this.#running.begin(call, context)
    const startedMs = this.#clock.nowMs
    try {
      const task = this.#tasks.get(call.ref)
      if (typeof task === 'object') return this.#runLoaded(call, task, context)
      if (call.stores === undefined) return this.#call(call, task, context, startedMs)
      return this.#within(call.stores, () => this.#call(call, task, context, startedMs))
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
    return undefined
  }

  /**
   * The first call of a task. `loaded` must have left before the task can end this process;
   * otherwise the call would look as if it had not begun, and would be given to another worker.
   */
  async #runLoaded(call: Call, loading: Promise<Task>, context: CallContext): Promise<void> {
    const startedMs = this.#runtime.now()
    const running = this.#running.of(call.seq)
    if (running !== undefined) running.importing = true
    try {
      await loading
    } catch (error) {
      return this.#fail(call, error, startedMs)
    }
    await this.#runtime.yieldToLoop()
    for (let wait = this.#parts.heldUp(); wait !== undefined; wait = this.#parts.heldUp()) await wait
    this.#clock.look() // The time of the import is not the call's.
    await this.run(call, context)
  }

  #within(stores: WireStores, body: () => Promise<void> | undefined): Promise<void> | undefined {
    const { storages } = this.#parts
    // A storage is announced before its first call, but on another lane.
    if (!stores.every(({ ref }) => storages.has(ref))) this.#outgoing.readMessages()
    return storages.within(stores, body)
  }

  #call(call: Call, task: Task, context: CallContext, startedMs: number): Promise<void> | undefined {
    if (call.chunk) return this.#runChunk(call, task, context, startedMs)
    const args = (call.special ? this.#special(call) : call.args) as unknown[]
    if (call.credit !== undefined) return this.#runStream(call, task, args, context, startedMs)
    const returned = inOwnContext(context, this.#runtime, task, args, call.stores !== undefined)
    if (isThenable(returned)) return this.#settleLater(call, returned, startedMs)
    this.#answer(call, returned, this.#clock.timeOfCall())
    return undefined
  }

  #special({ seq, args }: Call): unknown {
    return decode(args, true, 'args', this.#running.of(seq)?.borrower)
  }

  async #settleLater(call: Call, returned: PromiseLike<unknown>, startedMs: number): Promise<void> {
    try {
      const result = await returned
      this.#answer(call, result, this.#clock.look() - startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
  }

  async #runChunk(call: Call, task: Task, context: CallContext, startedMs: number): Promise<void> {
    try {
      const { crossing } = this.#outgoing
      const borrower = this.#running.of(call.seq)?.borrower
      const options = { crossing, special: call.special, borrower }
      this.#answerChunk(call, await callEach(task, call.args as Packed, context, options), startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
  }

  async #runStream(
    call: Call,
    task: Task,
    args: readonly unknown[],
    context: CallContext,
    startedMs: number,
  ): Promise<void> {
    const { stream, flush } = this.#streamOf(call)
    if (context.cancelled) stream.leave()
    process.on('exit', flush) // What a generator has yielded is sent even if it ends its worker.
    try {
      const result = await stream.run(task, args, context)
      this.#answer(call, result, this.#clock.look() - startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    } finally {
      process.off('exit', flush)
    }
  }

  #streamOf({ seq, credit = 0 }: Call): { readonly stream: StreamCall; flush(): void } {
    const running = this.#running.of(seq)
    const writer = new YieldWriter(seq, this.#outgoing.crossing, (message, transfer) => {
      if (running !== undefined) running.talked = true
      this.#outgoing.send(message, transfer)
    })
    const flush = () => writer.flush()
    const stream = new StreamCall(credit, {
      yielded: (value, most) => writer.add(value, most),
      flush,
      returning: () => this.#outgoing.send({ kind: 'returning', seq }),
    })
    if (running !== undefined) running.stream = stream
    return { stream, flush }
  }

  // ── answers ──

  #answer({ kind, seq }: Call, result: unknown, workMs: number): void {
    if (kind === 'own') result = undefined // Its result is not used, so it need not be one that can be copied.
    // What the task has sent goes ahead of its answer, so both take the same lane.
    const talked = this.#end(seq)
    const more = kind === 'run' && this.#parts.hasMore()
    if (talked || !this.#outgoing.tryDone(seq, workMs, result, more)) this.#outgoing.done(seq, workMs, result)
  }

  #answerChunk({ seq }: Call, outcome: ChunkOutcome, startedMs: number): void {
    const workMs = this.#clock.look() - startedMs
    this.#end(seq)
    const { message, transfer } = chunkReply(seq, outcome, workMs, this.#outgoing.crossing)
    this.#outgoing.result(message, transfer)
  }

  #fail({ seq }: Call, error: unknown, startedMs: number): void {
    this.#end(seq)
    const workMs = this.#clock.look() - startedMs
    this.#outgoing.sendFailure(error, failure => ({ kind: 'failed', seq, failure, workMs }))
  }

  /** The call has ended; says whether it has sent anything before its answer. */
  #end(seq: number): boolean {
    const running = this.#running.end(seq)
    if (running === undefined) return true // Its first answer could not be sent; another one is.
    if (running.talked) this.#parts.flushOutput()
    if (!this.#parts.gauge?.passes()) return running.talked
    this.#outgoing.send({ kind: 'worn' })
    return true // Its answer goes after this message, so that no other call comes between.
  }
}
