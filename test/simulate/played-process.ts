/**
 * A played process: one ordered stream each way, nothing can be taken back, ends of channels by
 * numbers.
 */
import type { PoolOptions } from '../../src/pool/options.ts'
import type { Timer } from '../../src/runtime/runtime.ts'
import { FarLinks } from '../../src/wire/lent/far-links.ts'
import type { Lent } from '../../src/wire/lent/link.ts'
import type { LentMessage } from '../../src/wire/lent/messages.ts'
import { NearLinks } from '../../src/wire/lent/near-links.ts'
import type { RunMessage, ToWorker } from '../../src/wire/messages.ts'
import type { PlainStores } from '../../src/wire/propagation.ts'
import type { Transfer, WorkerEnd } from '../../src/wire/transport/transport.ts'
import { Worker } from '../../src/worker/far/worker.ts'
import type { Exit, FarWorker, FarWorkerOwner, StartWorker } from '../../src/worker/far-worker.ts'
import { PlayedWorker, type Scene } from './played-worker.ts'

export function playedProcesses(scene: Scene, options: PoolOptions): StartWorker {
  return (index, owner) => new PlayedProcess(`process ${index}`, scene, owner, options)
}

/** What travels as frames of their own beside messages. */
type Frame =
  | readonly ['run', seq: number, ref: number, args: unknown[], stores: PlainStores | undefined]
  | readonly ['done', seq: number, workMs: number, value: unknown]
  | readonly ['taken', link: number, count: number]

class PlayedProcess extends PlayedWorker implements FarWorker {
  readonly pid = undefined
  readonly capacity = 64
  readonly killed: Exit = { kind: 'signal', signal: 'SIGKILL', lastWords: '' }
  readonly #owner: FarWorkerOwner
  readonly #options: PoolOptions
  readonly #links: NearLinks
  #unread = false
  #lastSent: number | undefined
  #verdict: Exit | undefined
  #stopping = false

  constructor(name: string, scene: Scene, owner: FarWorkerOwner, options: PoolOptions) {
    super(name, scene)
    this.#owner = owner
    this.#options = options
    this.#links = new NearLinks({
      crossing: { sharedMemory: false, maxPayloadBytes: options.maxPayloadBytes, lends: false },
      send: message => this.send(message),
      garbled: what => this.#garbled(what),
    })
    this.nearPort.on('message', message => this.#heard(message))
    this.nearPort.on('close', () => {})
    this.begin()
  }

  // ── the near side, as processes/process.ts ──

  #heard(message: unknown): void {
    if (isFrame(message)) {
      const [kind, number] = message
      if (kind === 'taken') return this.#links.taken(number, message[2])
      this.#links.over(number)
      if (kind === 'done') this.#owner.done(number, message[2], message[3], false)
      return
    }
    if (this.#links.receive(message)) return
    const { kind, seq } = message as { readonly kind: string; readonly seq: number }
    if (['done', 'failed', 'doneChunk', 'dropped'].includes(kind)) this.#links.over(seq)
    this.#owner.message(message)
  }

  #garbled(what: string): void {
    this.scene.note(`${this.name} garbled: ${what}`)
    this.nearPort.cut()
    this.#verdict ??= { kind: 'garbled', what }
    this.kill()
  }

  send(message: ToWorker | LentMessage): void {
    this.#lastSent = undefined
    this.nearPort.postMessage(message)
  }

  tryGive(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    if (![...args, ...(stores ?? [])].every(isSmallAndPlain)) return false
    this.nearPort.postMessage(['run', seq, ref, args, stores])
    this.#lastSent = seq
    return true
  }

  give(message: RunMessage, _: Transfer, loans?: readonly Lent[]): void {
    this.nearPort.postMessage(message)
    this.#lastSent = message.seq
    if (loans !== undefined) this.#links.lend(message.seq, loans)
  }

  recall(): boolean {
    return false
  }

  hadBegun(seq: number, first: boolean): boolean {
    return first && !(this.#unread && this.#lastSent === seq)
  }

  flagCancelled(seq: number): void {
    this.#flagged = seq
  }

  stop(): void {
    this.#stopping = true
    this.nearPort.finish()
  }

  kill(): void {
    this.terminate()
  }

  hold(): void {
    this.held = true
  }

  release(): void {
    this.held = false
  }

  /** The system says that something was left unread, or does not. */
  override die(exit: Exit): void {
    if (!this.isDead) this.#unread = !this.farPort.isRead && !this.#stopping && this.scene.random() < 0.7
    this.#clog?.cancel()
    super.die(exit)
  }

  /** All that it has sent is read before its end is told. */
  protected ended(exit: Exit, told: () => void): void {
    this.#owner.ending()
    const tellOnceRead = () => {
      if (!this.nearPort.isRead && this.#verdict === undefined)
        return this.fate.travel(() => this.near(tellOnceRead))
      told()
      this.#links.end()
      this.#owner.exited(this.#verdict ?? exit)
    }
    this.fate.travel(() => this.near(tellOnceRead))
  }

  // ── the far side, as worker/far/process-entry.ts ──

  #flagged: number | undefined
  /** While the system's buffer is full: what waits in the process, and is lost with it. */
  #waiting: unknown[] | undefined
  #clog: Timer | undefined
  #leaving: Promise<void> | undefined

  protected open(): Worker {
    const { name, workers, maxPayloadBytes, callsPerWorker } = this.#options
    const crossing = { sharedMemory: false, maxPayloadBytes }
    const isClear = () => this.#waiting === undefined
    const links = new FarLinks({
      crossing: { ...crossing, lends: false },
      get clear() {
        return isClear()
      },
      send: message => this.#say(message, links),
      sendTaken: (link, count) => this.#leave(['taken', link, count]),
    })
    const worker = new Worker({
      name: this.name,
      home: { model: 'processes', name, workers },
      crossing,
      links,
      sideBySide: callsPerWorker > 1,
      pollCancelled: seq => this.#flagged === seq,
      claim: () => {
        this.passes('before a call')
        return !this.isDead
      },
      refill: () => false,
      flushing: () => this.#leaving,
      broken: error => {
        if (this.isDead) return
        this.scene.note(`${this.name} is broken: ${error}`)
        this.die({ kind: 'exit', code: 1 })
      },
    })
    this.farPort.on('message', message => {
      if (!isFrame(message)) return worker.receive(message as ToWorker | LentMessage)
      if (message[0] !== 'run') return
      worker.receiveRun(message[1], message[2], message[3], message[4])
      worker.wakeSoon()
    })
    this.farPort.on('close', () => this.dismissed())
    worker.open(this.#transport(links))
    return worker
  }

  #transport(links: FarLinks): WorkerEnd {
    return {
      send: message => this.#say(message, links),
      tryDone: (seq, workMs, value) => {
        if (!isSmallAndPlain(value)) return false
        this.passes('before an answer')
        this.#say(['done', seq, workMs, value], links)
        return true
      },
    }
  }

  #say(message: unknown, links: FarLinks): void {
    if (this.isDead) return
    if (this.#waiting !== undefined) this.#waiting.push(structuredClone(message))
    else if (this.fate.clogs) this.#clogs(structuredClone(message), links)
    else this.farPort.postMessage(message)
  }

  /** At once if nothing waits; else behind that. */
  #leave(frame: Frame): void {
    if (this.#waiting === undefined) this.farPort.postMessage(frame)
    else this.#waiting.push(frame)
  }

  #clogs(first: unknown, links: FarLinks): void {
    this.#waiting = [first]
    let left = () => {}
    this.#leaving = new Promise(resolve => {
      left = resolve
    })
    links.congested()
    this.#clog = this.mortal.setTimer(1 + this.fate.upTo(6), () => {
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      this.#leaving = undefined
      for (const message of waiting) if (!this.isDead) this.farPort.postMessage(message)
      if (this.isDead) return
      left()
      links.cleared()
    })
  }
}

function isFrame(message: unknown): message is Frame {
  return Array.isArray(message)
}

function isSmallAndPlain(value: unknown): boolean {
  return typeof value === 'string' ? value.length < 1_000 : typeof value !== 'object'
}
