/**
 * The far side: a worker that takes calls, runs the tasks, and answers.
 *
 *     load ─▶ known-tasks.ts: import(module), look up ─▶ loaded | loadFailed
 *     run ─▶ inbox.ts ─▶ (one at a time) claim ─▶ call-runner.ts: fn(...args) in its context ─▶ done | doneChunk | failed
 *     cancel ─▶ the call's signal, and the end of its generator
 *     pull ─▶ stream-call.ts
 *     help ─▶ fn(...args) at once, beside the call that waits for it or for its like ─▶ the same answers
 *     own ─▶ fn(...args) at once, before or after all calls ─▶ done, without its result
 *     nest ◀─ what the task runs on its own executor: nested-calls.ts
 *
 * Calls run one after the other, in the order in which they came; the next one is claimed when the
 * last one was answered. With `callsPerWorker` it is claimed when the last one has returned its
 * promise. The entry points (thread-entry.ts, process-entry.ts) bring the transport and the means
 * to end the worker.
 */

import { ProtocolError } from '../../errors.ts'
import type { Backend } from '../../executor/backend.ts'
import type { NestingOwner } from '../../executor/current-executor.ts'
import { agentWorksOn } from '../../runtime/agents.ts'
import { type Runtime, runtime } from '../../runtime/runtime.ts'
import { CallContext, currentCall } from '../../task/context.ts'
import { nameOf } from '../../task/task.ts'
import { type Crossing, MessageDecoding } from '../../wire/codec.ts'
import { decodeFailure } from '../../wire/failure.ts'
import type { FarLinks } from '../../wire/lent/far-links.ts'
import { declareEnds } from '../../wire/lent/lend.ts'
import type { LentMessage } from '../../wire/lent/messages.ts'
import type {
  CancelMessage,
  Culprit,
  HelpMessage,
  OwnMessage,
  PullMessage,
  RunMessage,
  ToWorker,
} from '../../wire/messages.ts'
import { HeardStorages, type PlainStores, storesOf } from '../../wire/propagation.ts'
import type { WorkerEnd } from '../../wire/transport/transport.ts'
import { Conversations } from '../conversations.ts'
import { CallRunner } from './call-runner.ts'
import { Guests } from './guests.ts'
import { type Call, Inbox, type Postman } from './inbox.ts'
import { KnownTasks } from './known-tasks.ts'
import { listCalls, type ShownCall } from './live-calls.ts'
import type { MemoryGauge } from './memory-gauge.ts'
import { type Home, NestedCalls, NestedCallsOf } from './nested-calls.ts'
import { Outgoing } from './outgoing.ts'
import { RunningCalls } from './running.ts'
import { WorkClock } from './work-clock.ts'

/** What an entry point brings. */
export interface WorkerHost extends Postman {
  /** The executor that it works for. */
  readonly home: Home
  /** The worker's name, as `thread 2`. */
  readonly name: string
  readonly crossing: Crossing
  /** Whether a call begins while others wait for something. Default false. */
  readonly sideBySide?: boolean
  /** What carries channel ends, in a process. */
  readonly links?: FarLinks
  /** Checks the worker's memory, if there is a limit. */
  readonly gauge?: MemoryGauge | undefined
  /** Whether the call was cancelled, as far as a synchronous loop can see it. */
  pollCancelled(seq: number): boolean
  /** Sends printed output that is kept back, if output goes over the connection to the pool. */
  flushOutput?(): void
}

/** A worker, from the first message to the last. */
export class Worker implements NestingOwner {
  /** Who handles the pool's messages: each conversation registers its kinds. */
  readonly hears = new Conversations<ToWorker | LentMessage>()
  readonly #host: WorkerHost
  readonly #runtime: Runtime = runtime()
  readonly #clock = new WorkClock()
  readonly #inbox: Inbox
  readonly #outgoing: Outgoing
  readonly #tasks: KnownTasks
  readonly #running: RunningCalls
  readonly #runner: CallRunner
  readonly #nested: NestedCalls
  readonly #toHelpWith = new Map<number, HelpMessage | OwnMessage>()
  /** The task whose name was looked up last. */
  #named = 0
  #name = ''

  constructor(host: WorkerHost) {
    declareEnds()
    this.#host = host
    const { home, name, crossing, gauge, links, sideBySide = false } = host
    const outgoing = new Outgoing(crossing)
    const tasks = new KnownTasks(name, outgoing)
    const running = new RunningCalls(links, sideBySide)
    const storages = new HeardStorages()
    const hasMore = () => this.#inbox.hasMore
    this.#outgoing = outgoing
    this.#tasks = tasks
    this.#running = running
    const clock = this.#clock
    const flushOutput = () => host.flushOutput?.()
    const heldUp = () => host.flushing() ?? this.#inbox.closed
    const parts = { tasks, storages, running, outgoing, clock, gauge, hasMore, flushOutput, heldUp }
    this.#runner = new CallRunner(parts)
    const run = (call: Call) => this.#run(call)
    this.#inbox = new Inbox({ postman: host, clock, outgoing, running, sideBySide, run })
    this.#nested = new NestedCalls(home, crossing, (message, transfer) => outgoing.send(message, transfer))
    this.hears
      .on('load', message => void tasks.load(message))
      .on('storage', message => storages.hear(message))
      .on('run', message => this.#take(message))
      .on('help', message => this.#helpSoon(message))
      .on('own', message => this.#helpSoon(message))
      .on('cancel', message => this.#cancel(message))
      .on('pull', message => this.#pull(message))
    this.#nested.converse(this.hears)
    new Guests(name, outgoing).converse(this.hears)
    if (links !== undefined) this.hears.on('lent', message => links.receive(message))
    listCalls(() => this.#shown())
    agentWorksOn(() => this.#nameOfCall())
  }

  /** Begins to work: tells the other side that messages are taken now. */
  open(transport: WorkerEnd): void {
    this.#outgoing.open(transport)
    this.#inbox.open()
  }

  receive(message: ToWorker | LentMessage): void {
    if (this.hears.hear(message)) return
    const { name } = this.#host
    this.#host.broken(
      new ProtocolError(`${message.kind}, which ${name} does not know`, { worker: `The pool of ${name}` }),
    )
  }

  /** A small plain call, from the fast lane. */
  receiveRun(seq: number, ref: number, args: unknown[], stores?: PlainStores): void {
    const call: Call = { kind: 'run', seq, ref, args, special: false, chunk: false, attempt: 1 }
    this.#inbox.push(stores === undefined ? call : { ...call, stores: storesOf(stores) })
  }

  /** The task whose call runs here. */
  #nameOfCall(): string | undefined {
    const call = currentCall()
    const running = this.#running.all.find(({ context }) => context === call) ?? this.#running.current
    const task = running === undefined ? undefined : this.#tasks.ifImported(running.ref)
    return task === undefined ? undefined : nameOf(task)
  }

  /** Something has come, or an answer has left. */
  wake(): void {
    this.#inbox.wake()
  }

  /** The same, after all messages of this turn were read. */
  wakeSoon(): void {
    this.#inbox.wakeSoon()
  }

  /**
   * Something was sent outside of the calls that run: their answers must not overtake it on the
   * fast lane.
   */
  talked(): void {
    for (const running of this.#running.all) running.talked = true
  }

  /** Tells the other side why this worker ends. It begins no other call. */
  reportCrash(error: unknown): void {
    const culprit = this.#culprit()
    this.#inbox.close()
    const { reached } = this.#running
    this.#outgoing.sendFailure(error, failure => ({ kind: 'crashed', failure, culprit, reached }))
  }

  /**
   * Tells the other side that this worker ends, and which call does it, if one does. It takes that
   * back if it lives on, before another call begins.
   */
  reportExit(): void {
    const culprit = this.#culprit()
    this.#inbox.close()
    this.#outgoing.send({ kind: 'exiting', culprit, reached: this.#running.reached })
    this.#runtime.soon(() => {
      this.#outgoing.send({ kind: 'staying' })
      this.#inbox.open()
    })
  }

  /** The call of this worker that runs here, by the asynchronous context. */
  #culprit(): Culprit | undefined {
    for (let call = currentCall(); call !== undefined; call = call.within) {
      if (call.owner !== this) continue
      const running = this.#running.in(call)
      return running === undefined ? { task: call.name } : { seq: running.seq }
    }
    return undefined
  }

  /** The calls that it has begun, for tools. */
  #shown(): ShownCall[] {
    return this.#running.all.map(({ ref, ...call }) => ({ ...call, task: this.#tasks.ifImported(ref) }))
  }

  // ── what the pool says of calls ──

  #take(message: RunMessage): void {
    this.#inbox.push(message)
    this.#inbox.wakeSoon()
  }

  /**
   * After all messages of this turn were read: a cancel that came together with its call must be
   * read before it runs.
   */
  #helpSoon(message: HelpMessage | OwnMessage): void {
    this.#toHelpWith.set(message.seq, message)
    this.#runtime.soon(() => {
      if (!this.#toHelpWith.delete(message.seq)) return
      this.#clock.look()
      void this.#run(message)
    })
  }

  #run(call: Call): Promise<void> | undefined {
    return this.#runner.run(
      call,
      new CallContext(call.attempt, this.#host.name, this, this.#nameOf(call.ref)),
    )
  }

  /** The name of the task, cached: mostly the next call is of the same task. */
  #nameOf(ref: number): string {
    if (ref !== this.#named) {
      this.#name = this.#tasks.nameOf(ref)
      this.#named = ref
    }
    return this.#name
  }

  #cancel({ seq, failure }: CancelMessage): void {
    const running = this.#running.of(seq)
    if (running !== undefined) {
      running.context.cancel(decodeFailure(failure, new MessageDecoding()))
      return running.stream?.leave()
    }
    if (this.#toHelpWith.delete(seq) || this.#inbox.withdraw(seq))
      this.#outgoing.send({ kind: 'dropped', seq })
    // Otherwise it was answered before.
  }

  #pull({ seq, count }: PullMessage): void {
    this.#running.of(seq)?.stream?.pull(count)
  }

  // ── what a call's context asks for ──

  report(context: CallContext, done: number, total: number | undefined): void {
    const running = this.#running.in(context)
    if (running === undefined) return // The call has been answered.
    running.talked = true
    this.#outgoing.send({ kind: 'progress', seq: running.seq, done, total })
  }

  pollCancelled(context: CallContext): boolean {
    const running = this.#running.in(context)
    return running !== undefined && this.#host.pollCancelled(running.seq)
  }

  nest(context: CallContext): Backend {
    const running = this.#running.in(context)
    if (running === undefined) return new NestedCallsOf(this.#nested, undefined)
    running.talked = true // Its answer must not overtake its nested calls.
    running.nested ??= new NestedCallsOf(this.#nested, running.seq)
    return running.nested
  }
}
