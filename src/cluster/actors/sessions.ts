/**
 * A node as a home of actors that supervisors elsewhere have started: each session is a worker of
 * the node's executor, and a line to the side that has opened it.
 *
 *     Open ─▶ does a module of this node declare such classes? ─▶ Offer
 *     Frame ─▶ line ─▶ guest message ─▶ the worker: actors by name ─▶ line ─▶ Frame
 *     Bye, silence for a lease ─▶ the worker is ended        the worker ends ─▶ Bye
 *
 * A node hosts what its own modules have declared, by their names, and nothing is imported because
 * of a message.
 */
import type { Definition } from '../../actors/contract.ts'
import { definedActors } from '../../actors/definition.ts'
import { guestElsewhere } from '../../actors/remote/host.ts'
import { portableModule } from '../../declared/portable-module.ts'
import { AbortError, ProtocolError } from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import { runtime } from '../../runtime/runtime.ts'
import { messageOf } from '../../thrown.ts'
import { MessageDecoding } from '../../wire/codec.ts'
import { decodeFailure } from '../../wire/failure.ts'
import { Life, type LifeOwner } from '../../worker/life.ts'
import { placeOf, type WorkerPlace } from '../../worker/place.ts'
import type { Engine } from '../engine.ts'
import { nearSubject, nodesSubject, sessionsSubject } from './far-node.ts'
import { Line } from './line.ts'
import { type Frame, type Open, readSession, writeSession } from './messages.ts'

/** A bound: each session has a worker of its own. */
const mostSessions = 64
/** How much longer a node waits with an offer for each session that it has. */
const offerPauseMs = 4

export interface SessionsParts {
  readonly engine: Engine
  readonly node: string
  readonly on: Executor
  /** The classes that may live here; undefined: all that this program's modules declare. */
  readonly classes: readonly Definition[] | undefined
}

export class Sessions {
  readonly #parts: SessionsParts
  readonly #place: WorkerPlace | undefined
  readonly #open = new Map<string, Session>()
  readonly #silence: readonly (() => void)[]
  #numbered = 0
  #closed = false

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#place = placeOf(parts.on)
    const { engine, node } = parts
    this.#silence = [
      engine.listen(nodesSubject, bytes => {
        const message = readSession(bytes)
        if (message?.kind === 'open') this.#opened(message)
      }),
      engine.listen(sessionsSubject(node), bytes => this.#hear(bytes)),
    ]
  }

  get count(): number {
    return this.#open.size
  }

  close(): void {
    this.#closed = true
    for (const stop of this.#silence) stop()
    for (const session of [...this.#open.values()]) session.end('its node has ended')
  }

  #opened({ session, module }: Open): void {
    if (this.#closed || this.#open.has(session)) return
    const { engine, node, on } = this.#parts
    const refuse = (why: string) =>
      engine.publish(nearSubject(session), writeSession({ kind: 'refused', session, why }))
    if (this.#modules(module).length === 0)
      return refuse(`no module of node ${node} declares actors of ${module}`)
    if (this.#place === undefined)
      return refuse(`node ${node} runs on ${on.model}: actors need the workers of threads() or processes()`)
    if (this.count >= mostSessions)
      return refuse(`node ${node} has ${mostSessions} supervisors' actors already`)
    const pauseMs = offerPauseMs * this.count * runtime().random()
    const offer = () => {
      if (!this.#closed) engine.publish(nearSubject(session), writeSession({ kind: 'offer', session, node }))
    }
    if (pauseMs < 1) offer()
    else runtime().setTimer(pauseMs, offer)
  }

  /** The URLs of modules here, the one asked for first; none if it declares nothing here. */
  #modules(wanted: string): readonly string[] {
    const { classes = definedActors() } = this.#parts
    const urls = new Set([...classes].map(({ place }) => place.module))
    const first = [...urls].find(url => portableModule(url) === wanted)
    return first === undefined ? [] : [first, ...[...urls].filter(url => url !== first)]
  }

  #hear(bytes: Uint8Array): void {
    const message = readSession(bytes)
    if (message === undefined || this.#closed) return
    const known = this.#open.get(message.session)
    if (message.kind === 'bye') return known?.end('')
    if (message.kind !== 'frame') return
    const session = known ?? this.#begin(message)
    session?.hear(message)
  }

  /** Only of what was offered: a frame of a session that is over finds none to go on with. */
  #begin({ session, module, first }: Frame): Session | undefined {
    const { engine } = this.#parts
    // Of this executor's own modules, those that brought the classes may have others' actors too.
    const modules = this.#modules(module)
    if (first > 0 || modules.length === 0 || this.#place === undefined || this.count >= mostSessions) {
      engine.publish(
        nearSubject(session),
        writeSession({ kind: 'bye', session, why: 'its node does not know it' }),
      )
      return undefined
    }
    this.#numbered += 1
    const begun = new Session(session, this.#numbered, modules, this.#place, engine, () =>
      this.#open.delete(session),
    )
    this.#open.set(session, begun)
    return begun
  }
}

class Session implements LifeOwner {
  readonly at = undefined
  readonly #id: string
  readonly #modules: readonly string[]
  readonly #engine: Engine
  readonly #ended: () => void
  readonly #line: Line
  readonly #life: Life
  #early: unknown[] | undefined = []
  #over = false

  constructor(
    id: string,
    index: number,
    modules: readonly string[],
    place: WorkerPlace,
    engine: Engine,
    ended: () => void,
  ) {
    this.#id = id
    this.#modules = modules
    this.#engine = engine
    this.#ended = ended
    this.#line = new Line({
      leaseMs: engine.leaseMs,
      send: (first, parts, heard) => this.#send(first, parts, heard),
      deliver: body => this.#deliver(body),
      silent: () => this.end('its supervisor was silent for a lease'),
    })
    this.#line.hold(false) // Whoever waits, on the other side, keeps its own program alive.
    this.#life = new Life(index, place.start, this, { ...place, initialize: undefined })
    this.#life.hears
      .on('guest', ({ body }) => this.#line.say(body))
      .on('guestFailed', ({ failure }) => this.end(messageOf(decodeFailure(failure, new MessageDecoding()))))
  }

  hear({ first, parts, heard }: Frame): void {
    this.#line.hear(first, parts, heard)
  }

  #send(first: number, parts: readonly unknown[], heard: number): void {
    const [session, module] = [
      this.#id,
      this.#modules[0] === undefined ? '' : portableModule(this.#modules[0]),
    ]
    try {
      this.#engine.publish(
        nearSubject(session),
        writeSession({ kind: 'frame', session, module, first, parts, heard }),
      )
    } catch (error) {
      this.end(`what it says can't cross: ${messageOf(error)}`)
    }
  }

  #deliver(body: unknown): void {
    if (this.#early === undefined) this.#give(this.#modules[0] as string, body)
    else this.#early.push(body)
  }

  #give(module: string, body: unknown): void {
    try {
      this.#life.send({ kind: 'guest', guest: guestElsewhere, module, body })
    } catch (error) {
      this.end(messageOf(error))
    }
  }

  /** Whatever is under way there ends; the other side is told why. */
  end(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#line.close()
    this.#ended()
    this.#engine.publish(nearSubject(this.#id), writeSession({ kind: 'bye', session: this.#id, why }))
    this.#life.end(new AbortError(why === '' ? 'The supervisor of its actors has ended it' : why))
  }

  // ── the life of its worker ──

  ready(): void {
    this.#life.release()
    // All classes of this node are known there, so that one actor may start others.
    for (const module of this.#modules) this.#give(module, [])
    const early = this.#early ?? []
    this.#early = undefined
    for (const body of early) this.#give(this.#modules[0] as string, body)
  }

  done(): void {
    this.#life.end(new ProtocolError('an answer to a call, though it has none', { worker: 'A node' }))
  }

  patience(): number {
    return 0
  }

  ended(why: Error): void {
    this.end(messageOf(why))
  }
}
