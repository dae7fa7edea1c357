/**
 * A node as a worker that actors live in, as their supervisor's side sees it.
 *
 *     start ─▶ ready at once ─▶ the first message says which class ─▶ Open to all ─▶ the first Offer ─▶ a line to that node
 *     Bye, silence for a lease ─▶ exited: whoever waits is told, and the actors begin on another node
 */
import { portableModule } from '../../declared/portable-module.ts'
import { ProtocolError } from '../../errors.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { messageOf } from '../../thrown.ts'
import { detach } from '../../wire/codec.ts'
import type { ToWorker } from '../../wire/messages.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import type { FarWorker, FarWorkerOwner, StartWorker } from '../../worker/far-worker.ts'
import type { Engine } from '../engine.ts'
import { randomName } from '../names.ts'
import { Line } from './line.ts'
import { readSession, writeSession } from './messages.ts'

export const nodesSubject = 'hosts'
export const sessionsSubject = (node: string): string => `node.${node}-actors`
export const nearSubject = (session: string): string => `entity.${session}`

/** How often it is asked who can host, while nobody has said so. */
const askEveryMs = 250
/** A node that can't may answer before one that can. */
const refusedAfterMs = 1_000

/** The nodes that actors of this program live on. */
export class FarNodes {
  readonly #engine: Engine
  readonly #open = new Set<FarNode>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  readonly start: StartWorker = (index, owner) => {
    const node = new FarNode(index, owner, this.#engine, () => this.#open.delete(node))
    this.#open.add(node)
    return node
  }

  close(): void {
    for (const node of [...this.#open]) node.end('the cluster was closed')
  }
}

class FarNode implements FarWorker {
  readonly name: string
  readonly pid = undefined
  readonly capacity = 0
  readonly #owner: FarWorkerOwner
  readonly #engine: Engine
  readonly #ended: () => void
  readonly #session = randomName()
  readonly #silence: () => void
  #node: string | undefined
  #line: Line | undefined
  #asking: Timer | undefined
  #module = ''
  #early: unknown[] = []
  #refused: string | undefined
  #held = true
  #over = false

  constructor(index: number, owner: FarWorkerOwner, engine: Engine, ended: () => void) {
    this.name = `node ${index}`
    this.#owner = owner
    this.#engine = engine
    this.#ended = ended
    this.#silence = engine.listen(nearSubject(this.#session), bytes => this.#hear(bytes))
    runtime().soon(() => owner.message({ kind: 'ready' }), this.name)
  }

  send(message: ToWorker, transfer: Transfer = []): void {
    if (this.#over || message.kind !== 'guest') return
    if (this.#line === undefined && this.#early.length === 0) this.#begin(message.module)
    if (this.#line === undefined) this.#early.push(message.body)
    else this.#line.say(message.body)
    if (transfer.length > 0) detach(transfer)
  }

  #begin(module: string): void {
    this.#engine.open().then(
      () => this.#over || this.#ask(module, runtime().now()),
      (error: unknown) => this.#exit(messageOf(error)),
    )
  }

  #ask(module: string, sinceMs: number): void {
    this.#module = portableModule(module)
    const open = writeSession({ kind: 'open', session: this.#session, module: this.#module })
    this.#engine.publish(nodesSubject, open)
    this.#asking = runtime().setTimer(askEveryMs, () => {
      if (this.#refused !== undefined && runtime().now() - sinceMs >= refusedAfterMs)
        return this.#exit(this.#refused)
      this.#ask(module, sinceMs)
    })
    if (!this.#held) this.#asking.unref()
  }

  #hear(bytes: Uint8Array): void {
    const message = readSession(bytes)
    if (message === undefined || message.session !== this.#session || this.#over) return
    switch (message.kind) {
      case 'offer':
        if (this.#node === undefined) this.#accept(message.node)
        return
      case 'refused':
        this.#refused = message.why
        return
      case 'frame':
        return this.#line?.hear(message.first, message.parts, message.heard)
      case 'bye':
        return this.#exit(message.why)
      default:
    }
  }

  #accept(node: string): void {
    this.#asking?.cancel()
    this.#node = node
    const line = new Line({
      leaseMs: this.#engine.leaseMs,
      send: (first, parts, heard) => this.#frame(first, parts, heard),
      deliver: body => this.#owner.message({ kind: 'guest', guest: 'actors', body }),
      silent: () => this.#exit(`node ${node} was silent for ${this.#engine.leaseMs} ms`),
    })
    line.hold(this.#held)
    this.#line = line
    const early = this.#early
    this.#early = []
    for (const body of early) line.say(body)
  }

  #frame(first: number, parts: readonly unknown[], heard: number): void {
    const [session, module] = [this.#session, this.#module]
    try {
      const bytes = writeSession({ kind: 'frame', session, module, first, parts, heard })
      this.#engine.publish(sessionsSubject(this.#node as string), bytes)
    } catch (error) {
      this.end(`what it was told can't cross: ${messageOf(error)}`)
    }
  }

  // ── what a pool would ask of a worker: actors alone live here ──

  tryGive(): boolean {
    return false
  }

  give(): never {
    throw new ProtocolError('a call, where only actors live', { worker: this.name })
  }

  recall(): boolean {
    return false
  }

  hadBegun(): boolean {
    return false
  }

  flagCancelled(): void {}

  // ── its end ──

  stop(): void {
    this.end('')
  }

  kill(): void {
    this.end('')
  }

  hold(): void {
    this.#hold(true)
  }

  release(): void {
    this.#hold(false)
  }

  #hold(held: boolean): void {
    this.#held = held
    this.#line?.hold(held)
    if (held) this.#asking?.ref()
    else this.#asking?.unref()
  }

  /** This side wants its end. */
  end(why: string): void {
    if (this.#node !== undefined && !this.#over)
      this.#engine.publish(
        sessionsSubject(this.#node),
        writeSession({ kind: 'bye', session: this.#session, why }),
      )
    this.#exit(why)
  }

  #exit(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#asking?.cancel()
    this.#line?.close()
    this.#silence()
    this.#ended()
    runtime().soon(
      () => this.#owner.exited(why === '' ? { kind: 'exit', code: 0 } : { kind: 'lost', why }),
      this.name,
    )
  }
}
