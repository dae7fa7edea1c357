/**
 * The far side: a worker that takes calls, runs the tasks, and answers.
 *
 *     load ─▶ loader: import(module), look up ─▶ loaded | loadFailed
 *     call ─▶ inbox ─▶ (one at a time) claim ─▶ fn(...args) in its context ─▶ encode ─▶ done | doneChunk | failed
 *     cancel ─▶ the call's signal, and the end of its generator
 *     pull ─▶ stream-call.ts
 *     help ─▶ fn(...args) at once, beside the call that waits for it or for its like ─▶ the same answers
 *     nest ◀─ what the task runs on its own executor: nested-calls.ts
 *
 * Calls are run in the order they came, one after the other; the next one is claimed when the last one has been answered.
 * The entry points (thread-entry.ts, process-entry.ts) bring the transport and the means to die.
 */

import type { Backend } from '../../executor/backend.ts'
import type { NestingOwner } from '../../executor/current-executor.ts'
import { StreamCall } from '../../executor/here/stream-call.ts'
import type { Packed } from '../../executor/map/packed.ts'
import { callsPerLook, longestStretchMs, shortCallMs } from '../../policy.ts'
import { type Parked, park } from '../../runtime/park.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CallContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { isThenable } from '../../task/thenable.ts'
import { type Crossing, decode, detach, encode } from '../../wire/codec.ts'
import { decodeFailure, encodeFailure, type WireFailure, withoutParts } from '../../wire/failure.ts'
import type { FarLinks } from '../../wire/lent/far-links.ts'
import { type Borrower, borrowing, declareEnds } from '../../wire/lent/lend.ts'
import type {
  CancelMessage,
  FromWorker,
  HelpMessage,
  LoadMessage,
  PullMessage,
  ToWorker,
  WireStores,
} from '../../wire/messages.ts'
import { HeardStorages, takeStores } from '../../wire/propagation.ts'
import type { Transport } from '../../wire/transport/transport.ts'
import { YieldWriter } from '../../wire/yields.ts'
import { type ChunkOutcome, callEach, chunkReply } from './chunk-call.ts'
import { listCalls, type ShownCall } from './live-calls.ts'
import { loadTask } from './loader.ts'
import type { MemoryGauge } from './memory-gauge.ts'
import { type Home, NestedCalls, NestedCallsOf } from './nested-calls.ts'
import { inOwnContext } from './own-context.ts'

/** What an entry point brings. */
export interface WorkerHost {
  /** The executor that it works for. */
  readonly home: Home
  /** The worker's name, as `thread 2`. */
  readonly name: string
  readonly crossing: Crossing
  /** What ends of channels come by, in a process. */
  readonly links?: FarLinks
  /** Says when the worker uses too much memory, if there is a limit. */
  readonly gauge?: MemoryGauge | undefined
  /** Whether the call was cancelled, as far as a synchronous loop can see it. */
  pollCancelled(seq: number): boolean
  /** Whether the call may be run; false if it was taken back. */
  claim(seq: number): boolean
  /** Reads what has arrived into the inbox; called when the inbox is empty. False if the worker must wait to be woken. */
  refill(): boolean
  /** What must be waited for before the next call may begin, if anything: an answer that has not left yet. */
  flushing(): Promise<void> | undefined
  /** The worker can't go on: a built-in that it needs was replaced, or there is no room for what it has to say. */
  broken(error: unknown): void
}

/** A call in the inbox. */
interface Call {
  readonly seq: number
  readonly ref: number
  readonly args: unknown
  readonly special: boolean
  readonly chunk: boolean
  readonly attempt: number
  readonly stores?: WireStores
  /** Of a stream: what its generator may yield at first. */
  readonly credit?: number
}

/** A call that was begun and not answered. */
interface Running {
  readonly seq: number
  readonly ref: number
  readonly context: CallContext
  /** Whether it has sent anything before its answer. */
  talked: boolean
  nested: NestedCallsOf | undefined
  stream: StreamCall | undefined
  /** Has the ends of channels in its arguments, which it gives back. */
  borrower: Borrower | undefined
}

/** A worker, from the first message to the last. */
export class Worker implements NestingOwner {
  readonly #host: WorkerHost
  readonly #nested: NestedCalls
  readonly #tasks = new Map<number, Task | Promise<Task>>()
  readonly #storages = new HeardStorages()
  #inbox: Call[] = []
  #inboxAt = 0
  #current: Running | undefined
  /** The calls beside it, by their numbers, which are negative. */
  readonly #helping = new Map<number, Running>()
  readonly #toHelpWith = new Map<number, HelpMessage>()
  #helped: Parked<void> | undefined
  #transport: Transport | undefined
  #working = false
  #waking = false
  /** Whether this worker's end is watched. */
  #givesBack = false
  /** The clock as it was last looked at: the end of a call is the beginning of the next one. */
  #clockMs = 0
  /** Calls that have ended since then, how many of these may, and what one of them takes. */
  #untimed = 0
  #mostUntimed = 0
  #meanMs = 0

  constructor(host: WorkerHost) {
    declareEnds()
    this.#host = host
    listCalls(() => this.#begun())
    this.#nested = new NestedCalls(host.home, host.crossing, (message, transfer) =>
      this.#send(message, transfer),
    )
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
      case 'storage':
        return this.#storages.hear(message)
      case 'run':
        this.#inbox.push(message)
        return this.wakeSoon()
      case 'help':
        return this.#helpSoon(message)
      case 'cancel':
        return this.#cancel(message)
      case 'pull':
        return this.#pull(message)
      default:
        return this.#nested.receive(message)
    }
  }

  /** A small plain call, from the fast lane. */
  receiveRun(seq: number, ref: number, args: unknown[]): void {
    const call = { seq, ref: Math.abs(ref), args, special: false, chunk: false, attempt: 1 }
    this.#inbox.push(ref < 0 ? { ...call, stores: takeStores(args) } : call)
  }

  /** Something has come, or can be sent again. */
  wake(): void {
    if (!this.#working && this.#transport !== undefined) void this.#workOrDie()
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

  /** The calls that it has begun, for whoever looks. */
  #begun(): ShownCall[] {
    const running = this.#current === undefined ? [] : [this.#current]
    return [...running, ...this.#helping.values()].map(({ ref, ...call }) => {
      const task = this.#tasks.get(ref)
      return { ...call, task: typeof task === 'function' ? task : undefined }
    })
  }

  /** What a call throws is its answer; what is thrown around it would be nobody's, and the call would wait for ever. */
  async #workOrDie(): Promise<void> {
    try {
      await this.#work()
    } catch (error) {
      this.#host.broken(error)
    }
  }

  async #work(): Promise<void> {
    this.#working = true
    this.#lookAtClock() // What lies before is rest.
    let turnMs: number | undefined
    while (this.#hasWork()) {
      turnMs ??= this.#clockMs
      if (this.#clockMs - turnMs > longestStretchMs) {
        this.#transport?.deliver()
        await runtime().yieldToLoop()
        turnMs = this.#lookAtClock()
      }
      if (this.#helping.size > 0) await this.#restOfHelping()
      const flushing = this.#host.flushing()
      if (flushing !== undefined) {
        this.#transport?.deliver()
        await flushing
        this.#lookAtClock()
      }
      const call = this.#inbox[this.#inboxAt] // Taken only now: what was cancelled during the wait is not there any more.
      if (call === undefined) continue
      this.#inboxAt += 1
      if (!this.#host.claim(call.seq)) continue
      const running = this.#run(call)
      if (running !== undefined) {
        this.#transport?.deliver()
        await running
        turnMs = this.#lookAtClock()
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
      this.#lookAtClock()
    }
    return true
  }

  #lookAtClock(): number {
    const nowMs = runtime().now()
    if (nowMs - this.#clockMs > this.#untimed * shortCallMs) this.#mostUntimed = 0 // One of them was no short one.
    this.#untimed = 0
    this.#clockMs = nowMs
    return nowMs
  }

  /** What the call took that has just ended; where calls are so short that a look at the clock is dear, the mean of several. */
  #timeOfCall(): number {
    this.#untimed += 1
    if (this.#untimed <= this.#mostUntimed) return this.#meanMs
    const calls = this.#untimed
    const beforeMs = this.#clockMs
    this.#meanMs = (this.#lookAtClock() - beforeMs) / calls
    this.#mostUntimed = this.#meanMs < shortCallMs ? callsPerLook - 1 : 0
    return this.#meanMs
  }

  /** Once all that came in this turn is here, as `wakeSoon`. */
  #helpSoon(message: HelpMessage): void {
    this.#toHelpWith.set(message.seq, message)
    runtime().soon(() => {
      if (!this.#toHelpWith.delete(message.seq)) return
      this.#lookAtClock()
      void this.#run(message)
    })
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

  /** What was helped with ends before another call of the hand begins: that one must not be hurt by it. */
  #restOfHelping(): Promise<void> {
    this.#transport?.deliver()
    this.#helped ??= park<void>('calls that were helped with to end', this)
    return this.#helped.promise
  }

  /** Runs a call and answers it: at once, or when the promise that it returns has resolved. */
  #run(
    call: Call,
    context = new CallContext(call.attempt, this.#host.name, this),
  ): Promise<void> | undefined {
    const running: Running = {
      seq: call.seq,
      ref: call.ref,
      context,
      talked: false,
      nested: undefined,
      stream: undefined,
      borrower: call.special ? this.#borrower() : undefined,
    }
    if (call.seq < 0) this.#helping.set(call.seq, running)
    else this.#current = running
    const startedMs = this.#clockMs
    try {
      const task = this.#taskOf(call.ref)
      if (typeof task === 'object') return this.#runLoaded(call, task, context)
      if (call.stores === undefined) return this.#call(call, task, context, startedMs)
      return this.#within(call.stores, () => this.#call(call, task, context, startedMs))
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
    return undefined
  }

  #within(stores: WireStores, body: () => Promise<void> | undefined): Promise<void> | undefined {
    // A storage is told of before its first call, but on another lane.
    if (!stores.every(({ ref }) => this.#storages.has(ref))) this.#transport?.drain()
    return this.#storages.within(stores, body)
  }

  #call(call: Call, task: Task, context: CallContext, startedMs: number): Promise<void> | undefined {
    if (call.chunk) return this.#runChunk(call, task, context, startedMs)
    const args = (call.special ? this.#special(call) : call.args) as unknown[]
    if (call.credit !== undefined) return this.#runStream(call, call.credit, task, args, context, startedMs)
    const returned = inOwnContext(context, task, args, call.stores !== undefined)
    if (isThenable(returned)) return this.#settleLater(call, returned, startedMs)
    this.#answer(call, returned, this.#timeOfCall())
    return undefined
  }

  #special(call: Call): unknown {
    const borrower = this.#runningOf(call.seq)?.borrower
    return borrowing(borrower, () => decode(call.args, true, 'args'))
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
    this.#lookAtClock() // What the import took is no work of the call.
    await this.#run(call, context)
  }

  async #runChunk(call: Call, task: Task, context: CallContext, startedMs: number): Promise<void> {
    try {
      const { crossing } = this.#host
      const borrower = this.#runningOf(call.seq)?.borrower
      const options = { crossing, special: call.special, borrower }
      this.#answerChunk(call, await callEach(task, call.args as Packed, context, options), startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    }
  }

  async #runStream(
    call: Call,
    credit: number,
    task: Task,
    args: readonly unknown[],
    context: CallContext,
    startedMs: number,
  ): Promise<void> {
    const { seq } = call
    const writer = new YieldWriter(seq, this.#host.crossing, (message, transfer) => {
      if (this.#current !== undefined) this.#current.talked = true
      this.#send(message, transfer)
    })
    const flush = () => writer.flush()
    const stream = new StreamCall(credit, {
      yielded: (value, most) => writer.add(value, most),
      flush,
      returning: () => this.#send({ kind: 'returning', seq }),
    })
    if (this.#current !== undefined) this.#current.stream = stream
    if (context.cancelled) stream.leave()
    process.on('exit', flush) // What a generator yielded before it ended its worker is not lost with it.
    try {
      const result = await stream.run(task, args, context)
      this.#answer(call, result, this.#lookAtClock() - startedMs)
    } catch (error) {
      this.#fail(call, error, startedMs)
    } finally {
      process.off('exit', flush)
    }
  }

  async #settleLater(call: Call, returned: PromiseLike<unknown>, startedMs: number): Promise<void> {
    try {
      const result = await returned
      this.#answer(call, result, this.#lookAtClock() - startedMs)
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

  #answer(call: Call, result: unknown, workMs: number): void {
    // What the task has told before goes ahead of its answer: then both take the same lane.
    const talked = this.#over(call)
    const more = call.seq >= 0 && this.#inboxAt < this.#inbox.length
    if (!talked && this.#transport?.tryDone(call.seq, workMs, result, more) === true) return
    const { value, special, transfer } = encode(result, 'result', this.#host.crossing)
    this.#send({ kind: 'done', seq: call.seq, value, special, workMs }, transfer)
  }

  #answerChunk(call: Call, outcome: ChunkOutcome, startedMs: number): void {
    const workMs = this.#lookAtClock() - startedMs
    const { seq } = call
    this.#over(call)
    const { message, transfer } = chunkReply(seq, outcome, workMs, this.#host.crossing)
    this.#send(message, transfer)
  }

  #fail(call: Call, error: unknown, startedMs: number): void {
    this.#over(call)
    const workMs = this.#lookAtClock() - startedMs
    this.#sendFailure(error, failure => ({ kind: 'failed', seq: call.seq, failure, workMs }))
  }

  /** The call has ended, and what it has made with it; says whether it has sent anything before. */
  #over({ seq }: Call): boolean {
    const running = this.#runningOf(seq)
    if (running === undefined) return true // Its answer could not be sent; another one is.
    running.nested?.end()
    giveBack(running)
    if (this.#host.gauge?.passes()) {
      running.talked = true // Its answer goes after this, so that no other call comes between.
      this.#send({ kind: 'worn' })
    }
    if (seq >= 0) this.#current = undefined
    else this.#helping.delete(seq)
    if (this.#helping.size === 0) {
      this.#helped?.unpark()
      this.#helped = undefined
    }
    return running.talked
  }

  /** Where ends of channels arrive. What the call has sent there leaves, though it ends this worker. */
  #borrower(): Borrower {
    if (!this.#givesBack) {
      this.#givesBack = true
      process.on('exit', () => {
        if (this.#current !== undefined) giveBack(this.#current)
        for (const running of this.#helping.values()) giveBack(running)
      })
    }
    return { loans: [], links: this.#host.links }
  }

  #runningOf(seq: number): Running | undefined {
    return this.#current?.seq === seq ? this.#current : this.#helping.get(seq)
  }

  #runningIn(context: CallContext): Running | undefined {
    if (this.#current?.context === context) return this.#current
    for (const running of this.#helping.values()) if (running.context === context) return running
    return undefined
  }

  #cancel({ seq, failure }: CancelMessage): void {
    const running = this.#runningOf(seq)
    if (running !== undefined) {
      running.context.cancel(decodeFailure(failure, decode))
      return running.stream?.leave()
    }
    if (this.#toHelpWith.delete(seq)) return this.#send({ kind: 'dropped', seq })
    const waiting = this.#inbox.findIndex((call, at) => at >= this.#inboxAt && call.seq === seq)
    if (waiting < 0) return // It was answered before.
    this.#inbox.splice(waiting, 1)
    this.#send({ kind: 'dropped', seq })
  }

  #pull({ seq, count }: PullMessage): void {
    if (this.#current?.seq === seq) this.#current.stream?.pull(count)
  }

  // ── what a call's context asks for ──

  report(context: CallContext, done: number, total: number | undefined): void {
    const running = this.#runningIn(context)
    if (running === undefined) return // The call has been answered.
    running.talked = true
    this.#send({ kind: 'progress', seq: running.seq, done, total })
  }

  pollCancelled(context: CallContext): boolean {
    const running = this.#runningIn(context)
    return running !== undefined && this.#host.pollCancelled(running.seq)
  }

  nest(context: CallContext): Backend {
    const running = this.#runningIn(context)
    if (running === undefined) return new NestedCallsOf(this.#nested, undefined)
    running.talked = true // Its answer must not overtake the calls that it makes.
    running.nested ??= new NestedCallsOf(this.#nested, running.seq)
    return running.nested
  }

  /** An error may be too large to be sent, or hold what can't be copied after all: then it goes without what hangs on it. */
  #sendFailure(error: unknown, about: (failure: WireFailure) => FromWorker): void {
    try {
      return this.#send(about(this.#encodeFailure(error)))
    } catch (problem) {
      try {
        return this.#send(about(withoutParts(error, problem)))
      } catch {
        this.#send(about(this.#encodeFailure(problem)))
      }
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

/** Ends what the call has on loan, before it is answered. */
function giveBack({ borrower }: Running): void {
  if (borrower !== undefined) for (const loan of borrower.loans) loan.end()
}
