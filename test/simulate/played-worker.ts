/**
 * Workers that are played in this thread: the real near side, the real far side, a loopback between
 * them.
 *
 *     PlayedWorker ─ its fate: when it starts, at which message it dies ─▶ PlayedThread · PlayedProcess
 */
import { inRuntime, type Runtime, runtime } from '../../src/runtime/runtime.ts'
import { type Lane, type LoopbackPort, loopback } from '../../src/wire/transport/loopback.ts'
import type { Worker } from '../../src/worker/far/worker.ts'
import type { Exit } from '../../src/worker/far-worker.ts'
import { type Death, Fate, type Faults } from './fate.ts'
import { MortalRuntime } from './mortal-runtime.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** Where the workers of one play are. */
export interface Scene {
  readonly random: () => number
  readonly faults: Faults
  /** For what is not the program's own. */
  readonly outside: Runtime
  /** All that were ever started. */
  readonly workers: PlayedWorker[]
  /** What happened, in order, for whoever plays a failed run again. */
  note(what: string): void
}

/** One worker; how its two sides are made, a subclass says. */
export abstract class PlayedWorker {
  readonly name: string
  readonly scene: Scene
  readonly fate: Fate
  /** The runtime of its far side. */
  readonly mortal: MortalRuntime
  readonly base: Runtime = runtime()
  readonly nearPort: LoopbackPort
  readonly farPort: LoopbackPort
  readonly #near = new AsyncResource('atonce.played')
  /** Whether it has run code, does, or has ended; and whether its pool has been told of the end. */
  state: 'starting' | 'alive' | 'dead' | 'told' = 'starting'
  held = true
  /** It ended though nobody on the near side wanted it to. */
  diedByItself = false
  /** It was asked to end when it had nothing to do, and did. */
  endedInOrder = false
  #wanted = false
  #worker: Worker | undefined

  constructor(name: string, scene: Scene) {
    this.name = name
    this.scene = scene
    this.fate = new Fate(scene.outside, scene.random, scene.faults)
    this.mortal = new MortalRuntime(scene.outside)
    const lane = (to: 'near' | 'far'): Lane => ({
      travel: this.fate.travel,
      sent: () => this.passes(`after a message to ${to} was sent`),
      arrives: () => this.passes(`before a message to ${to} arrived`),
      arrived: () => this.passes(`after a message to ${to} arrived`),
    })
    const ports = loopback(lane('near'), lane('far'))
    this.nearPort = ports.near
    this.farPort = ports.far
  }

  /** To be called at the end of the subclass's constructor. */
  protected begin(): void {
    this.scene.workers.push(this)
    const { start } = this.fate
    if (start === 'refused') {
      this.scene.note(`${this.name} can't be started`)
      this.state = 'dead'
      this.diedByItself = true
      this.farPort.cut()
      return this.scene.outside.soon(() =>
        this.#tell({ kind: 'refused', error: new Error('no more threads') }),
      )
    }
    if (start === 'silent') return
    this.fate.travel(() => {
      if (this.state !== 'starting') return
      this.state = 'alive'
      inRuntime(this.mortal, () => {
        this.#worker = this.open()
      })
    })
  }

  /** Makes the far side, on the worker's own runtime, and opens it. */
  protected abstract open(): Worker
  /** The worker has ended; what it said before is still to be read. */
  protected abstract ended(exit: Exit, told: () => void): void

  get isDead(): boolean {
    return this.state === 'dead' || this.state === 'told'
  }

  /** One of the moments at which the worker may end. */
  passes(when: string): void {
    if (this.state !== 'alive') return
    const how = this.fate.pass()
    if (how === undefined) return
    this.scene.note(`${this.name} ${how}, ${when}`)
    this.endsAs(how)
  }

  endsAs(how: Death): void {
    if (this.isDead) return
    if (!this.#wanted) this.diedByItself = true
    if (how === 'crashes' || how === 'says so and lives')
      this.#worker?.reportCrash(new RangeError('uncaught'))
    if (how === 'says so and lives') return
    if (how === 'forges') return this.farPort.postMessage({ kind: 'nonsense' })
    this.die(how === 'killed' ? this.killed : { kind: 'exit', code: how === 'crashes' ? 1 : 3 })
  }

  /** How its end looks when it was killed. */
  protected abstract readonly killed: Exit

  /** It runs no more code. */
  die(exit: Exit): void {
    if (this.isDead) return
    this.state = 'dead'
    this.farPort.cut()
    this.mortal.end()
    this.fate.travel(() => this.#tell(exit))
  }

  #tell(exit: Exit): void {
    this.near(() =>
      this.ended(exit, () => {
        this.scene.note(`${this.name} has ended`)
        this.state = 'told'
      }),
    )
  }

  /** Calls `body` as the near side's own. */
  near(body: () => void): void {
    this.#near.runInAsyncScope(() => inRuntime(this.base, body))
  }

  // ── what the near side can do to it ──

  terminate(): void {
    this.#wanted = true
    this.fate.travel(() => this.die(this.killed))
  }

  /** The near side has closed the connection. */
  dismissed(): void {
    this.#wanted = true
    this.endedInOrder = !this.isDead
    this.die({ kind: 'exit', code: 0 })
  }
}
