/** What an actor knows of itself, in its own methods. */
import { checkFinite, checkFunction, checkMs, checkTimeout } from '../checks.ts'
import { Cell } from './cell.ts'
import { currentActor } from './current.ts'
import type { ActorClass } from './definition.ts'
import { InvalidActorError } from './errors.ts'
import type { LiveActor } from './live-actor.ts'
import type { StopReason } from './reason.ts'
import { type Ref, refTo, targetIn } from './ref.ts'
import { policyOf, type StartOptions, type SupervisorOptions } from './settings.ts'
import { Supervisor } from './supervisor.ts'

/**
 * The actor that runs here. Its functions may be called in its methods, and after each `await` in
 * an async one.
 */
export interface Self<T extends object = object> {
  /** Itself, to be sent to others. */
  readonly ref: Ref<T>
  readonly name: string
  /** Aborts when whoever asked has given up, or the actor ends. */
  readonly signal: AbortSignal
  /**
   * Runs `run` as a message of its own after `delayMs`; a restart takes it back. Returns what takes
   * it back now.
   */
  after(delayMs: number, run: () => unknown): () => void
  /** The same, again and again; while one waits to be worked on, no other is added. */
  every(periodMs: number, run: () => unknown): () => void
  /**
   * Starts a child: it is stopped before its parent ends or is restarted. By default a failed child
   * is not restarted (`temporary`); others are by the rules of `supervise`, once within 5 s unless
   * it was called.
   */
  spawn<C extends object, A extends readonly any[]>(
    cls: ActorClass<C, A>,
    args: Readonly<A>,
    options?: StartOptions,
  ): Promise<Ref<C>>
  /** How its children are supervised; to be called before the first `spawn`. */
  supervise(options: SupervisorOptions): void
  /**
   * Runs `down` as a message when the other has ended for good. A restart ends the watch; it
   * returns what does so too.
   */
  watch(other: Ref, down: (reason: StopReason) => unknown): () => void
  /**
   * When one of the two ends by a failure, so does the other; a restart is not an end. Of two
   * actors there is one link at the most. To link to one that has ended is a failure at once.
   * Returns what takes the link back.
   */
  link(other: Ref): () => void
  /**
   * Linked actors that end are told to `exited`, as a message, in place of failing this one. Until
   * a restart.
   */
  trapExits(exited: (from: string, reason: StopReason) => unknown): void
  /**
   * Puts the message that runs aside; an ask waits on.
   * @throws MailboxFullError above the mailbox's capacity
   * @throws InvalidActorError in a generator method
   */
  stash(): void
  /** Puts what was put aside before all that waits. */
  unstash(): void
  /**
   * Takes messages by these methods in place of the class's own, where they have one of that name.
   */
  become(behaviour: object): void
  unbecome(): void
  /**
   * Stops after the message that runs. A permanent child is restarted, and goes on with what waits.
   */
  stop(): void
}

/**
 * The actor whose method runs here.
 * @throws InvalidActorError outside of actors, and in entities of a cluster
 * @example
 *     self().after(1_000, () => this.tick())
 */
export function self<T extends object = object>(): Self<T> {
  const actor = currentActor()
  if (!(actor instanceof Cell))
    throw new InvalidActorError(
      'self() is for the methods of an actor that was started; an entity of a cluster has none. ' +
        'It was called elsewhere, or after the method had ended: keep it, const me = self().',
    )
  return new SelfOf(actor) as unknown as Self<T>
}

class SelfOf implements Self {
  readonly #actor: Cell

  constructor(actor: Cell) {
    this.#actor = actor
  }

  get ref(): Ref {
    return refTo(this.#actor)
  }

  get name(): string {
    return this.#actor.name
  }

  get signal(): AbortSignal {
    return this.#actor.current?.ask?.signal ?? this.#actor.extras.strand.signal
  }

  after(delayMs: number, run: () => unknown): () => void {
    checkMs('self().after(delayMs, …)', delayMs)
    checkFinite('self().after(delayMs, …)', delayMs)
    checkFunction('self().after(delayMs, run)', run, '() => this.tick()')
    return this.#actor.extras.incarnation.setTimer(delayMs, run, false)
  }

  every(periodMs: number, run: () => unknown): () => void {
    checkTimeout('self().every(periodMs, …)', periodMs)
    checkFinite('self().every(periodMs, …)', periodMs)
    checkFunction('self().every(periodMs, run)', run, '() => this.tick()')
    return this.#actor.extras.incarnation.setTimer(periodMs, run, true)
  }

  spawn<C extends object, A extends readonly any[]>(
    cls: ActorClass<C, A>,
    args: Readonly<A>,
    options: StartOptions = {},
  ): Promise<Ref<C>> {
    const { extras } = this.#actor
    if (extras.children === undefined) this.supervise({})
    return (extras.children as Supervisor).start(cls, args, { restart: 'temporary', ...options })
  }

  supervise(options: SupervisorOptions): void {
    const { extras, system, name } = this.#actor
    if (extras.children !== undefined)
      throw new InvalidActorError(
        `${name} has children already: call self().supervise(…) before the first spawn.`,
      )
    const children = new Supervisor(system, policyOf(options), `children of ${name}`, undefined)
    extras.children = children
    children.onEnded = reason => {
      if (extras.children === children && reason.kind === 'failure') this.#actor.fail(reason.error)
    }
  }

  watch(other: Ref, down: (reason: StopReason) => unknown): () => void {
    checkFunction('self().watch(ref, down)', down, 'reason => this.lost(reason)')
    return watchAs(this.#actor, other, down)
  }

  link(other: Ref): () => void {
    const target = targetIn(other)
    if (target === undefined) throw notARef('self().link(ref)')
    return this.#actor.extras.link(target)
  }

  trapExits(exited: (from: string, reason: StopReason) => unknown): void {
    checkFunction('self().trapExits(exited)', exited, '(from, reason) => this.lost(from)')
    this.#actor.extras.onExit = exited
  }

  stash(): void {
    this.#actor.extras.stash()
  }

  unstash(): void {
    this.#actor.extras.unstash()
  }

  become(behaviour: object): void {
    this.#actor.extras.behaviour = behaviour
  }

  unbecome(): void {
    this.#actor.extras.behaviour = undefined
  }

  stop(): void {
    this.#actor.extras.leaving = true
  }
}

/** After it was taken back nothing is told, not even what waits as a message already. */
function watchAs(actor: LiveActor, other: Ref, down: (reason: StopReason) => unknown): () => void {
  const target = targetIn(other)
  if (target === undefined) throw notARef('self().watch(ref, …)')
  let watching = true
  const end = () => {
    watching = false
    unwatch()
    stay()
  }
  // Each instance watches by itself, or those before it would be told as well.
  const stay = actor.onLeaving(end)
  let unwatch = () => {}
  unwatch = target.watch(reason => {
    stay()
    actor.post(() => (watching ? down(reason) : undefined))
  })
  return end
}

function notARef(what: string): InvalidActorError {
  return new InvalidActorError(`${what} takes the ref of an actor, as start() or spawn() gives it.`)
}
