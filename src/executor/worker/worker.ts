/**
 * The far side: a worker that takes calls, runs the tasks, and answers.
 *
 *     load ─▶ loader: import(module), look up ─▶ loaded | loadFailed
 *     call ─▶ inbox ─▶ (one at a time) claim ─▶ fn(...args) in its context ─▶ encode ─▶ done | doneChunk | failed
 *     cancel ─▶ the call's signal
 *
 * Calls are run in the order they came, one after the other; the next one is claimed when the last one has been answered.
 * The entry points (thread-entry.ts, process-entry.ts) bring the transport and the means to die.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CallContext, withContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { type Crossing, decode, detach, encode } from '../../wire/codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { CancelMessage, FromWorker, LoadMessage, ToWorker } from '../../wire/messages.ts'
import type { Transport } from '../../wire/transport/transport.ts'
import type { Packed } from '../packed.ts'
import { type ChunkOutcome, callEach, chunkReply } from './chunk-call.ts'
import { loadTask } from './loader.ts'

/** What an entry point brings. */
export interface WorkerHost {
  /** The worker's name, as `thread 2`. */
  readonly name: string
  readonly crossing: Crossing
  /** Whether the call was cancelled, as far as a synchronous loop can see it. */
  pollCancelled(seq: number): boolean
  /** Whether the call may be run; false if it was taken back. */
  claim(seq: number): boolean
  /** Reads what has arrived into the inbox; called when the inbox is empty. False if the worker must wait to be woken. */
  refill(): boolean
  /** What must be waited for before the next call may begin, if anything: an answer that has not left yet. */
  flushing(): Promise<void> | undefined
}

/** A call in the inbox. */
interface Call {
  readonly seq: number
  readonly ref: number
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
}

/** After so long without a turn of the loop, the loop gets one: the task's own timers and streams go on. */
const longestStretchMs = 2

/** A worker, from the first message to the last. */
export class Worker {
  readonly #host: WorkerHost
  readonly #tasks = new Map<number, Task | Promise<Task>>()
  #inbox: Call[] = []
  #inboxAt = 0
  #current: { readonly seq: number; readonly context: CallContext; talked: boolean } | undefined
  #transport: Transport | undefined
  #working = false
  #waking = false

  constructor(host: WorkerHost) {
    this.#host = host
  }

  /** Begins to work: tells the other side that messages are taken now. */
  open(transport: Transport): void {
    this.#transport = transport
    this.#send({ kind: 'ready' })
    this.wake()
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'load':
        return void this.#load(message)
      case 'run':
        this.#inbox.push(message)
        return this.wakeSoon()
      case 'cancel':
        return this.#cancel(message)
    }
  }

  /** A small plain call, from the fast lane. */
  receiveRun(seq: number, ref: number, args: unknown[]): void {
    this.#inbox.push({ seq, ref, args, special: false, chunk: false, attempt: 1 })
  }

  /** Something has come, or can be sent again. */
  wake(): void {
    if (!this.#working && this.#transport !== undefined) void this.#work()
  }

  /** The same, once all that came in this turn is here: a cancel that came with its call must not be read after it ran. */
  wakeSoon(): void {
    if (this.#working || this.#waking) return
    this.#waking = true
    runtime().soon(() => {
      this.#waking = false
      this.wake()
    })
  }

  /** Tells the other side why this worker dies. */
  reportCrash(error: unknown): void {
    this.#sendFailure(error, failure => ({ kind: 'crashed', failure }))
  }

  async #work(): Promise<void> {
    this.#working = true
    let turnMs = runtime().now()
    while (this.#hasWork()) {
      if (runtime().now() - turnMs > longestStretchMs) {
        await runtime().yieldToLoop()
        turnMs = runtime().now()
      }
      const flushing = this.#host.flushing()
      if (flushing !== undefined) await flushing
      const call = this.#inbox[this.#inboxAt] // Taken only now: what was cancelled during the wait is not there any more.
      if (call === undefined) continue
      this.#inboxAt += 1
      if (!this.#host.claim(call.seq)) continue
      const running = this.#run(call)
      if (running !== undefined) {
        await running
        turnMs = runtime().now()
      }
    }
    this.#working = false
  }

  /** Whether a call lies in the inbox, after it was filled again if need be. */
  #hasWork(): boolean {
    while (this.#inboxAt === this.#inbox.length) {
      this.#inbox.length = 0
      this.#inboxAt = 0
      if (!this.#host.refill()) return false
    }
    return true
  }

  async #load(message: LoadMessage): Promise<void> {
    const loading = loadTask(message)
    this.#tasks.set(message.ref, loading)
    try {
      this.#tasks.set(message.ref, await loading)
      this.#send({ kind: 'loaded', ref: message.ref })
    } catch (error) {
      this.#send({ kind: 'loadFailed', ref: message.ref, failure: this.#encodeFailure(error) })
    }
  }

  /** Runs a call and answers it: at once, or when the promise that it returns has resolved. */
  #run(
    call: Call,
    context = new CallContext(call.attempt, this.#host.name, this),
  ): Promise<void> | undefined {
    this.#current = { seq: call.seq, context, talked: false }
    const startedMs = runtime().now()
    try {
      const task = this.#taskOf(call.ref)
      if (typeof task === 'object') return this.#runLoaded(call, task, context)
      const args = decode(call.args, call.special)
      if (call.chunk) return this.#runChunk(call, task, args as Packed, context, startedMs)
      const returned: unknown = withContext(context, () => task(...(args as unknown[])))
      if (isThenable(returned)) return this.#settleLater(call, returned, startedMs)
      this.#answer(call, returned, startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
    return undefined
  }

  /** The first use: `loaded` must have left before the task can end this process, or its end would look like a failed import. */
  async #runLoaded(call: Call, loading: Promise<Task>, context: CallContext): Promise<void> {
    const startedMs = runtime().now()
    try {
      await loading
    } catch (error) {
      return this.#fail(call, error, startedMs)
    }
    await runtime().yieldToLoop()
    await this.#run(call, context)
  }

  async #runChunk(
    call: Call,
    task: Task,
    inputs: Packed,
    context: CallContext,
    startedMs: number,
  ): Promise<void> {
    try {
      this.#answerChunk(call, await callEach(task, inputs, context), startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
  }

  async #settleLater(call: Call, returned: PromiseLike<unknown>, startedMs: number): Promise<void> {
    try {
      this.#answer(call, await returned, startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
  }

  /** The task, or the promise of it; its `load` was sent before, but on another lane. */
  #taskOf(ref: number): Task | Promise<Task> {
    if (!this.#tasks.has(ref)) this.#transport?.drain()
    const task = this.#tasks.get(ref)
    if (task === undefined) throw new Error(`Worker ${this.#host.name} was never told of task ${ref}.`)
    return task
  }

  #answer(call: Call, result: unknown, startedMs: number): void {
    const workMs = runtime().now() - startedMs
    // What the task has told before goes ahead of its answer: then both take the same lane.
    const talked = this.#current?.talked ?? false
    this.#current = undefined
    if (!talked && this.#transport?.tryDone(call.seq, workMs, result) === true) return
    const { value, special, transfer } = encode(result, 'result', this.#host.crossing)
    this.#send({ kind: 'done', seq: call.seq, value, special, workMs }, transfer)
  }

  #answerChunk({ seq }: Call, outcome: ChunkOutcome, startedMs: number): void {
    const workMs = runtime().now() - startedMs
    this.#current = undefined
    const { message, transfer } = chunkReply(seq, outcome, workMs, this.#host.crossing, error =>
      this.#encodeFailure(error),
    )
    this.#send(message, transfer)
  }

  #fail(call: Call, error: unknown, startedMs: number): void {
    this.#current = undefined
    const workMs = runtime().now() - startedMs
    this.#sendFailure(error, failure => ({ kind: 'failed', seq: call.seq, failure, workMs }))
  }

  #cancel({ seq, failure }: CancelMessage): void {
    if (this.#current?.seq === seq) return this.#current.context.cancel(decodeFailure(failure, decode))
    const waiting = this.#inbox.findIndex((call, at) => at >= this.#inboxAt && call.seq === seq)
    if (waiting < 0) return // It was answered before.
    this.#inbox.splice(waiting, 1)
    this.#send({ kind: 'dropped', seq })
  }

  // ── what a call's context asks for ──

  report(context: CallContext, done: number, total: number | undefined): void {
    if (this.#current?.context !== context) return // The call has been answered.
    this.#current.talked = true
    this.#send({ kind: 'progress', seq: this.#current.seq, done, total })
  }

  pollCancelled(context: CallContext): boolean {
    return this.#current?.context === context && this.#host.pollCancelled(this.#current.seq)
  }

  /** An error may be too large to be sent, or hold what can't be copied; then what is said is that. */
  #sendFailure(error: unknown, about: (failure: WireFailure) => FromWorker): void {
    try {
      this.#send(about(this.#encodeFailure(error)))
    } catch (problem) {
      this.#send(about(this.#encodeFailure(problem)))
    }
  }

  #send(message: FromWorker, transfer: Parameters<typeof detach>[0] = []): void {
    this.#transport?.send(message, transfer)
    if (!this.#host.crossing.sharedMemory) detach(transfer)
  }

  #encodeFailure(error: unknown): WireFailure {
    return encodeFailure(error, (value, path) => encode(value, path, this.#host.crossing))
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
