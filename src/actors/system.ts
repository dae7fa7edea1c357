/**
 * What the actors of one thread share: the line of those with work, deadlines, names, dead letters.
 * One for each runtime.
 */
import { runtime } from '../runtime/runtime.ts'
import type { Runtime } from '../runtime/seam.ts'
import { tell } from '../task/listeners.ts'
import { messageOf } from '../thrown.ts'
import { type ActorFailureEvent, publishActorFailure, publishDeadLetter } from '../trace.ts'
import { Lines } from './ask.ts'
import { HeldUps } from './held-up.ts'
import { Impasses } from './impasse.ts'
import type { Ref } from './ref.ts'
import { type Runnable, RunQueue } from './run-queue.ts'

/** A message that no actor will see. */
export interface DeadLetter {
  /** The actor it was for. */
  readonly actor: string
  /** Of an event, the topic's name. */
  readonly method: string
  readonly args: readonly unknown[]
  /**
   * `ended`: the actor was not there any more. `full`: its mailbox was. `given up`: nobody waited
   * for the answer when its turn came. `lost`: its worker died, or it can't be copied to the next
   * one, or be read there.
   */
  readonly reason: 'ended' | 'full' | 'given up' | 'lost'
}

export class System {
  readonly runtime: Runtime
  readonly queue: RunQueue
  readonly lines: Lines
  readonly impasses: Impasses
  readonly heldUps: HeldUps
  /** How many links wait for something of their other sides. */
  waitingLinks = 0
  /** Is told of an actor that has something to do; only in a worker. */
  stirs: ((actor: Runnable) => void) | undefined
  readonly names = new Map<string, Ref<object>>()
  readonly #listeners = new Set<(letter: DeadLetter) => void>()
  #made = 0
  #deadLetters = 0

  constructor(of: Runtime) {
    this.runtime = of
    this.queue = new RunQueue(of)
    this.lines = new Lines(of)
    this.impasses = new Impasses(of, () => this.lines.waiting())
    this.heldUps = new HeldUps(of)
  }

  nextNumber(): number {
    this.#made += 1
    return this.#made
  }

  get deadLetters(): number {
    return this.#deadLetters
  }

  deadLetter(letter: DeadLetter): void {
    this.#deadLetters += 1
    publishDeadLetter(letter)
    for (const listener of this.#listeners)
      this.runtime.soon(() => tell('onDeadLetter', listener, letter), 'dead letters')
  }

  /** Tells tools of an error that no call and no supervisor takes. */
  failed(failure: ActorFailureEvent): void {
    publishActorFailure(failure)
    // A failed method has its supervisor, or whoever watches; these have nobody.
    if (failure.during === 'onStop' || failure.during === 'onFailure')
      process.emitWarning(`${failure.actor}: ${failure.during} threw: ${messageOf(failure.error)}`, {
        type: 'AtonceWarning',
        code: 'ATONCE_ACTOR_HOOK',
      })
  }

  onDeadLetter(listener: (letter: DeadLetter) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

const systems = new WeakMap<Runtime, System>()

/** The system of the runtime that is in force. */
export function system(): System {
  const inForce = runtime()
  let found = systems.get(inForce)
  if (found === undefined) {
    found = new System(inForce)
    systems.set(inForce, found)
  }
  return found
}

/** The actor that was started under `name` on this thread and lives; undefined if there is none. */
export function whereis(name: string): Ref<object> | undefined {
  return system().names.get(name)
}

/**
 * Calls `listener` with each message that no actor will see, after the code that runs now. If it
 * throws, that is a warning.
 * @returns what takes the listener away
 */
export function onDeadLetter(listener: (letter: DeadLetter) => void): () => void {
  return system().onDeadLetter(listener)
}
