/**
 * The far side: a worker that takes messages, calls tasks, and replies.
 *
 *     load ─▶ loader: import(module), look up ─▶ loaded | loadFailed
 *     run  ─▶ decode args ─▶ fn(...args) in its context ─▶ encode ─▶ done | doneChunk | failed
 *     cancel ─▶ the call's signal
 *
 * The entry points (thread-entry.ts, process-entry.ts) bring the transport and the means to die.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CallContext, withContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { type Crossing, decode, detach, encode } from '../../wire/codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { CancelMessage, FromWorker, LoadMessage, RunMessage, ToWorker } from '../../wire/messages.ts'
import type { Transport } from '../../wire/transport/transport.ts'
import type { Packed } from '../packed.ts'
import { type ChunkOutcome, callEach, chunkReply } from './chunk-call.ts'
import { loadTask } from './loader.ts'

/** What an entry point brings. */
export interface WorkerHost {
  /** The worker's name, as `thread 2`. */
  readonly name: string
  readonly crossing: Crossing
  /** Whether the job was cancelled, as far as a synchronous loop can see it. */
  pollCancelled(id: number): boolean
}

/** A worker, from the first message to the last. */
export class Worker {
  readonly #host: WorkerHost
  readonly #tasks = new Map<number, Task | Promise<Task>>()
  readonly #running = new Map<number, CallContext>()
  #transport: Transport | undefined

  constructor(host: WorkerHost) {
    this.#host = host
  }

  /** Begins to work: tells the other side that messages are taken now. */
  open(transport: Transport): void {
    this.#transport = transport
    this.#send({ kind: 'ready' })
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'load':
        return void this.#load(message)
      case 'run':
        return void this.#run(message)
      case 'cancel':
        return this.#cancel(message)
    }
  }

  /** Tells the other side why this worker dies. */
  reportCrash(error: unknown): void {
    this.#sendFailure(error, failure => ({ kind: 'crashed', failure }))
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

  async #run(message: RunMessage): Promise<void> {
    const { id } = message
    const call = new CallContext({
      attempt: message.attempt,
      worker: this.#host.name,
      report: (done, total) => this.#send({ kind: 'progress', id, done, total }),
      poll: () => this.#host.pollCancelled(id),
    })
    this.#running.set(id, call)
    let startedMs = runtime().now()
    const workMs = () => runtime().now() - startedMs
    try {
      const held = this.#tasks.get(message.ref)
      const task = typeof held === 'object' ? await this.#firstUse(held) : held
      if (task === undefined)
        throw new Error(`Worker ${this.#host.name} was never told of task ${message.ref}.`)
      const args = decode(message.args, message.special)
      startedMs = runtime().now()
      if (message.chunk) {
        const outcome = await callEach(task, args as Packed, call)
        this.#replyChunk(id, outcome, workMs())
      } else {
        const returned: unknown = withContext(call, () => task(...(args as unknown[])))
        this.#reply(id, isThenable(returned) ? await returned : returned, workMs())
      }
    } catch (error) {
      this.#sendFailure(error, failure => ({ kind: 'failed', id, failure, workMs: workMs() }))
    } finally {
      this.#running.delete(id)
    }
  }

  /** `loaded` must have left before the task can end this process, or its end would look like a failed import. */
  async #firstUse(loading: Promise<Task>): Promise<Task> {
    const task = await loading
    await runtime().yieldToLoop()
    return task
  }

  #reply(id: number, result: unknown, workMs: number): void {
    const { value, special, transfer } = encode(result, 'result', this.#host.crossing)
    this.#send({ kind: 'done', id, value, special, workMs }, transfer)
  }

  #replyChunk(id: number, outcome: ChunkOutcome, workMs: number): void {
    const { message, transfer } = chunkReply(id, outcome, workMs, this.#host.crossing, error =>
      this.#encodeFailure(error),
    )
    this.#send(message, transfer)
  }

  #cancel(message: CancelMessage): void {
    this.#running.get(message.id)?.cancel(decodeFailure(message.failure, decode))
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
