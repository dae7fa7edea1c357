/**
 * One worker process, as the pool sees it.
 *
 *     fd 0  nothing                                    fd 3  its messages (pipe.ts)
 *     fd 1  this process's own                         fd 4  beats from the watchdog, ids of cancelled jobs to it
 *     fd 2  passed on; the last lines are kept               (worker/watchdog.ts)
 *                                                      fd 5  messages to it
 *
 * The end is told when the process has exited and all that it sent was read; the last of stderr is
 * waited for a moment.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Socket } from 'node:net'
import { bare } from '../checks.ts'
import type { PoolOptions } from '../pool/options.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { tell } from '../task/listeners.ts'
import type { Lent } from '../wire/lent/link.ts'
import type { LentMessage } from '../wire/lent/messages.ts'
import { NearLinks } from '../wire/lent/near-links.ts'
import type { RunMessage, ToWorker } from '../wire/messages.ts'
import type { PlainStores } from '../wire/propagation.ts'
import { longestFrame, PipeCaller } from '../wire/transport/pipe.ts'
import type { Transfer } from '../wire/transport/transport.ts'
import { callEndedBy } from '../worker/call-ended.ts'
import type { Exit, FarWorker, FarWorkerOwner, StartWorker } from '../worker/far-worker.ts'
import { handles, signalIn, watchHandlers } from '../worker/group-signals.ts'
import type { OnOutput } from '../worker/output.ts'
import { guard } from './guard.ts'
import { Heartbeat } from './heartbeat.ts'
import { LastWords } from './last-words.ts'
import { type LaunchOptions, launchOf } from './launch.ts'
import { isStarved } from './starved.ts'

type ProcessOptions = PoolOptions & LaunchOptions

/** Starts processes with the given limits. */
export function processStarter(options: ProcessOptions): StartWorker {
  return (index, owner) => new WorkerProcess(`process ${index}`, options, owner)
}

/**
 * How long stderr is waited for after the exit (a grandchild may hold it open), and the exit after
 * a closed connection.
 */
const lateMs = 200
/**
 * Turns of the loop in which what a dead process wrote is still read: its data, its end, its close.
 */
const lastTurns = 3

class WorkerProcess implements FarWorker {
  readonly name: string
  readonly pid: number | undefined
  /**
   * Few: a call can't be taken back from a process, so what waits behind a slow one waits with it.
   */
  readonly capacity = 64
  readonly #owner: FarWorkerOwner
  readonly #options: ProcessOptions
  readonly #child: ChildProcess | undefined
  readonly #outgoing: Socket | undefined
  readonly #control: Socket | undefined
  readonly #transport: PipeCaller | undefined
  readonly #links: NearLinks
  readonly #heartbeat: Heartbeat | undefined
  readonly #lastWords: LastWords | undefined
  /** The number of the call that was the last thing sent, if it was one. */
  #lastSent: number | undefined
  /** The connection broke while something that was sent had not been read. */
  #leftUnread = false
  #verdict: Exit | undefined
  #end: { code: number | null; signal: string | null } | undefined
  /** Sockets that carry messages and are not closed. */
  #connected = 2
  #stopping = false
  #told = false
  #starting = true
  #late: Timer | undefined

  constructor(plainName: string, options: ProcessOptions, owner: FarWorkerOwner) {
    this.#owner = owner
    this.#options = options
    const child = this.#spawn(plainName)
    this.pid = child?.pid
    this.name = this.pid === undefined ? plainName : `${plainName} (pid ${this.pid})`
    this.#links = new NearLinks({
      crossing: { sharedMemory: false, maxPayloadBytes: options.maxPayloadBytes, lends: false },
      send: message => this.send(message),
      garbled: what => this.#garbled(what),
    })
    if (child === undefined || this.pid === undefined) return
    this.#child = child
    guard.starts(this.pid)
    const [stderr, incoming, control, outgoing] = child.stdio.slice(2) as [Socket, Socket, Socket, Socket]
    this.#outgoing = outgoing
    this.#control = control
    const passOn = (stream: 'stdout' | 'stderr') => this.#passOn(stream, options.onOutput)
    this.#lastWords = new LastWords(stderr, passOn('stderr'), () => this.#tellEnd())
    child.stdout?.on('data', passOn('stdout')).on('error', () => {})
    ;(child.stdout as Socket | null)?.unref()
    this.#heartbeat = new Heartbeat(
      control,
      () => this.#killBecause({ kind: 'lost', why: 'it stopped answering; it may have been suspended.' }),
      () => this.#transport?.expectWhole(),
      () => child.pid !== undefined && isStarved(child.pid),
    )
    this.#transport = new PipeCaller(
      incoming,
      {
        message: message => {
          this.#hasStarted()
          this.#heartbeat?.begin()
          const signal = signalIn(message)
          if (signal !== undefined) return this.#signalled(signal)
          if (this.#links.receive(message)) return
          const ended = callEndedBy(message)
          if (ended !== undefined) this.#links.over(ended)
          owner.message(message)
        },
        done: (seq, workMs, value, more) => {
          this.#links.over(seq)
          owner.done(seq, workMs, value, more)
        },
        taken: (link, count) => this.#links.taken(link, count),
        garbled: what => this.#garbled(what),
        closed: () => this.#disconnected(),
      },
      { maxFrameBytes: longestFrame(options.maxPayloadBytes), to: outgoing },
    )
    outgoing.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNRESET' || code === 'EPIPE') this.#leftUnread = true
    })
    outgoing.on('close', () => this.#disconnected())
    outgoing.resume() // Nothing comes on it but its end, or that something was left unread.
    child.once('exit', (code, signal) => {
      owner.ending()
      this.#exited(code, signal)
    })
    child.on('error', () => {}) // A kill that came too late.
  }

  send(message: ToWorker | LentMessage): void {
    this.#lastSent = undefined
    this.#transport?.send(message)
  }

  flushNow(): void {
    this.#transport?.flush()
  }

  tryGive(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    const sent = this.#transport?.tryRun(seq, ref, args, stores) ?? false
    if (sent) this.#lastSent = seq
    return sent
  }

  give(message: RunMessage, _: Transfer, loans?: readonly Lent[]): void {
    this.#transport?.send(message)
    this.#lastSent = message.seq
    if (loans !== undefined) this.#links.lend(message.seq, loans)
  }

  /** There is no memory in which both sides could agree on it. */
  recall(): boolean {
    return false
  }

  /**
   * It answers each call before it begins the next (transport/pipe.ts). One exception is certain:
   * the last call that was sent, if the system says that not all was read. Linux resets a socket
   * whose other end closes with unread bytes (and refuses writes after it); where a system says
   * nothing, the call counts as begun.
   */
  hadBegun(seq: number, first: boolean): boolean {
    return first && !(this.#leftUnread && this.#lastSent === seq)
  }

  flagCancelled(seq: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(seq) // Read by worker/watchdog.ts.
    this.#control?.write(bytes)
  }

  stop(): void {
    this.#stopping = true
    this.#outgoing?.end()
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  hold(): void {
    this.#child?.ref()
    this.#transport?.ref()
  }

  release(): void {
    this.#child?.unref()
    this.#transport?.unref()
  }

  /** A letter of several bytes may come in two parts. */
  #passOn(stream: 'stdout' | 'stderr', onOutput: OnOutput | undefined): (part: Buffer) => void {
    if (onOutput === undefined) return part => void process[stream].write(part)
    const decoder = new TextDecoder()
    return part => {
      const text = decoder.decode(part, { stream: true })
      if (text !== '') tell('onOutput', onOutput, { worker: this.name, stream, text })
    }
  }

  #spawn(plainName: string): ChildProcess | undefined {
    const refused = (error: unknown) => this.#tell({ kind: 'refused', error })
    try {
      const { command, args, env, cwd } = launchOf(plainName, this.#options)
      const { spawn } = process.getBuiltinModule('node:child_process')
      watchHandlers()
      const options = bare<SpawnOptions>({
        env,
        cwd,
        stdio: [
          'ignore',
          this.#options.onOutput === undefined ? 'inherit' : 'pipe',
          'pipe',
          'pipe',
          'pipe',
          'pipe',
        ],
      })
      const child = spawn(command, args, options)
      if (child.pid === undefined) child.once('error', refused)
      return child
    } catch (error) {
      runtime().soon(() => refused(error))
      return undefined
    }
  }

  /**
   * It has said something, or has ended; before, only the guard could keep it from outliving this
   * program.
   */
  #hasStarted(): void {
    if (!this.#starting) return
    this.#starting = false
    guard.over(this.pid as number)
  }

  /** A signal that this program lives through without handling it was for the worker alone. */
  #signalled(signal: string): void {
    if (!handles(signal)) this.#killBecause({ kind: 'signal', signal, lastWords: '' })
  }

  #garbled(what: string): void {
    this.#transport?.close() // Nothing that follows is believed.
    this.#killBecause({ kind: 'garbled', what })
  }

  #killBecause(verdict: Exit): void {
    this.#verdict ??= verdict
    this.kill()
  }

  #exited(code: number | null, signal: string | null): void {
    this.#end = { code, signal }
    this.#hasStarted()
    this.#late?.cancel()
    this.#heartbeat?.stop()
    this.#late = runtime().setTimer(lateMs, () => this.#stopListening())
    this.#tellEnd()
  }

  /**
   * After some turns of the loop: one that was held up fires its timers before it reads what has
   * long been there.
   */
  async #stopListening(): Promise<void> {
    for (let turn = 0; turn < lastTurns; turn += 1) await runtime().yieldToLoop()
    this.#lastWords?.close()
    this.#tellEnd()
  }

  /**
   * A part of the connection closed. If the process does not exit now, the task has closed it:
   * nobody can talk to it any more.
   */
  #disconnected(): void {
    this.#connected -= 1
    this.#tellEnd()
    if (this.#end !== undefined || this.#stopping) return
    this.#late?.cancel()
    this.#late = runtime().setTimer(lateMs, () =>
      this.#killBecause({ kind: 'lost', why: 'the worker’s side of it was closed.' }),
    )
  }

  /** Tells the end once all that is known about it is here. */
  #tellEnd(): void {
    if (this.#end === undefined || this.#connected > 0 || !this.#lastWords?.ended) return
    this.#control?.destroy()
    this.#tell(
      this.#verdict ??
        exitOf(this.#end, this.#lastWords.text, this.#options.resourceLimits.maxOldGenerationSizeMb),
    )
  }

  #tell(exit: Exit): void {
    if (this.#told) return
    this.#told = true
    this.#late?.cancel()
    this.#links.end()
    this.#owner.exited(exit)
  }
}

function exitOf(
  { code, signal }: { code: number | null; signal: string | null },
  lastWords: string,
  limitMb: number | undefined,
): Exit {
  // V8 aborts the process when its heap is full; what it wrote is the only trace (V8,
  // `FatalProcessOutOfMemory`).
  if (lastWords.includes('heap out of memory')) return { kind: 'memory', limitMb }
  if (signal !== null) return { kind: 'signal', signal, lastWords }
  return { kind: 'exit', code: code ?? 0 }
}
