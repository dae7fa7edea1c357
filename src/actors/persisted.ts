/**
 * An actor whose state is what its events made of it: each is on the disk before it counts.
 *
 *     onStart: replay() ─▶ restore(snapshot) ─▶ apply(event) for each event
 *     a method: persist(event) ─▶ journal ─▶ apply(event) ─▶ the method answers
 *
 * What was answered was persisted. A death between the two leaves an event that nobody was told of:
 * it counts, as the ask that failed with `begun: 'maybe'` says.
 */
import { checkCount, checkFunction, checkOptions, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { messageOf } from '../thrown.ts'
import { currentActor } from './current.ts'
import { JournalError } from './errors.ts'
import { Journal } from './journal.ts'

/** What an actor that keeps a journal tells of it. */
export interface PersistOptions<E, S> {
  /** The file of the journal; one actor at a time may have it. Beside it lies `<path>.snapshot`. */
  readonly path: string
  /** Changes the state by one event, the same way each time; it asks nobody and awaits nothing. */
  apply(event: E): void
  /**
   * The state as it is kept in place of all events so far. With `restore` and `every`. Default: the
   * journal is never cut.
   */
  readonly snapshot?: () => S
  /**
   * Takes back what `snapshot` gave, before the events that came after it. Default: none; needed
   * where there is a `snapshot`.
   */
  readonly restore?: (state: S) => void
  /**
   * After so many events, once none is under way, the journal is cut to a snapshot. Default 1,000,
   * where there is a `snapshot`.
   */
  readonly every?: number
}

const persistOptionNames = optionNames<PersistOptions<never, never>>({
  path: true,
  apply: true,
  snapshot: true,
  restore: true,
  every: true,
})

/** The events of one actor. */
export class Persisted<E, S = unknown> {
  readonly #options: PersistOptions<E, S>
  readonly #journal: Journal
  readonly #every: number
  #sinceSnapshot = 0
  /** How many events are on their way to the disk, or not applied yet. */
  #underWay = 0
  #isReplayed = false
  #hasWarned = false
  /** Why the state lacks an event that is on the disk. */
  #behind: JournalError | undefined

  /** @throws OptionError */
  constructor(options: PersistOptions<E, S>) {
    checkOptions('new Persisted(…)', options, persistOptionNames)
    const { path, apply, snapshot, restore, every = 1_000 } = options
    if (typeof path !== 'string' || path === '')
      throw new OptionError('new Persisted({ path }) takes the path of a file.')
    checkFunction('new Persisted({ apply })', apply, 'event => { this.balance += event.amount }')
    if ((snapshot === undefined) !== (restore === undefined))
      throw new OptionError('new Persisted({ snapshot, restore }) takes both or neither.')
    checkCount('new Persisted({ every })', every)
    this.#options = options
    this.#every = every
    this.#journal = new Journal(path)
  }

  /**
   * Brings the state to where it was; to be awaited in `onStart`, once. Returns how many events
   * there were.
   * @throws JournalError, as a rejection
   */
  async replay(): Promise<number> {
    // An instance that does not start, or is gone, has no `onStop` to close it.
    currentActor()?.onLeaving(() => void this.close())
    if (this.#isReplayed)
      throw new JournalError(
        this.#journal.path,
        'it was replayed before, and each event would be applied twice',
      )
    this.#isReplayed = true
    const { snapshot, events } = await this.#journal.open().catch((error: unknown) => {
      this.#isReplayed = false
      throw error
    })
    if (snapshot !== undefined) this.#options.restore?.(snapshot.state as S)
    for (const event of events) this.#options.apply(event as E)
    this.#sinceSnapshot = events.length
    return events.length
  }

  /**
   * Resolves when the event is on the disk and applied. Costs a write and an fdatasync, shared by
   * all that come at once. Rejects with SerializationError, which names the place, if the event
   * holds what can't be copied, as arguments of tasks: nothing was written. Rejects with
   * JournalError: then the event was not applied, and the actor should fail, to begin from the
   * journal again; after an event that `apply` threw at, this one takes no more. A `snapshot` that
   * fails is a warning: the journal keeps its events.
   */
  async persist(event: E): Promise<void> {
    if (this.#behind !== undefined) throw this.#behind
    this.#underWay += 1
    try {
      await this.#journal.append(event)
      this.#apply(event)
    } finally {
      this.#underWay -= 1
    }
    this.#sinceSnapshot += 1
    const { snapshot } = this.#options
    // The state must be what all events in the journal made of it.
    if (snapshot === undefined || this.#sinceSnapshot < this.#every || this.#underWay > 0) return
    this.#sinceSnapshot = 0
    try {
      await this.#journal.compact(snapshot())
    } catch (problem) {
      this.#warn(problem) // The event is stored and applied whatever becomes of the snapshot.
    }
  }

  #warn(problem: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `The journal ${this.#journal.path} keeps all its events, since a snapshot failed: ${messageOf(problem)}`,
      { type: 'AtonceWarning', code: 'ATONCE_JOURNAL_SNAPSHOT' },
    )
  }

  #apply(event: E): void {
    if (this.#behind !== undefined) throw this.#behind
    try {
      this.#options.apply(event)
    } catch (problem) {
      this.#behind = new JournalError(
        this.#journal.path,
        `apply threw at an event that is on the disk (${messageOf(problem)}); check it before persist`,
        { cause: problem },
      )
      throw this.#behind
    }
  }

  /** To be awaited in `onStop`. */
  close(): Promise<void> {
    return this.#journal.close()
  }
}
