/**
 * The calls that a worker has begun and not answered: the one of its hand, and those that it helps
 * with meanwhile.
 */
import type { StreamCall } from '../../executor/here/stream-call.ts'
import { type Parked, park } from '../../runtime/park.ts'
import type { CallContext } from '../../task/context.ts'
import type { Borrower } from '../../wire/lent/borrower.ts'
import type { FarLinks } from '../../wire/lent/far-links.ts'
import type { Reached } from '../../wire/messages.ts'
import type { NestedCallsOf } from './nested-calls.ts'

/** What is noted of a call that begins. */
interface Begun {
  /** The one call of the hand that is run, or one beside it. */
  readonly kind: 'run' | 'help' | 'own'
  readonly seq: number
  readonly ref: number
  readonly special: boolean
}

/** A call that was begun and not answered. */
export interface Running {
  readonly seq: number
  readonly ref: number
  readonly context: CallContext
  /** Whether it has sent anything before its answer. */
  talked: boolean
  nested: NestedCallsOf | undefined
  stream: StreamCall | undefined
  /** Holds the channel ends among its arguments, and gives them back. */
  borrower: Borrower | undefined
  /** Whether its module is still being imported. */
  importing: boolean
}

export class RunningCalls {
  readonly #links: FarLinks | undefined
  readonly #sideBySide: boolean
  #current: Running | undefined
  /** The calls beside it, by their numbers. */
  readonly #beside = new Map<number, Running>()
  #besideEnd: Parked<void> | undefined
  /** Whether this worker's end is watched. */
  #givesBack = false
  /**
   * Whether a call has ended. Until then the pool may not have read `ready`, and no answer may
   * overtake that on the fast lane.
   */
  #someEnded = false
  /** The highest number of the calls of the hand that were begun. */
  #highest = 0

  /**
   * `links` carries channel ends, in a process; `sideBySide` says that the calls of the hand run
   * side by side.
   */
  constructor(links: FarLinks | undefined, sideBySide: boolean) {
    this.#links = links
    this.#sideBySide = sideBySide
  }

  /** The call of the hand. */
  get current(): Running | undefined {
    return this.#current
  }

  get all(): readonly Running[] {
    return [...(this.#current === undefined ? [] : [this.#current]), ...this.#beside.values()]
  }

  /** How far it has come in the hand. */
  get reached(): Reached {
    const importing = this.all.filter(running => running.importing)
    return { begun: this.#highest, importing: importing.map(({ seq }) => seq) }
  }

  of(seq: number): Running | undefined {
    return this.#current?.seq === seq ? this.#current : this.#beside.get(seq)
  }

  in(context: CallContext): Running | undefined {
    if (this.#current?.context === context) return this.#current
    for (const running of this.#beside.values()) if (running.context === context) return running
    return undefined
  }

  begin({ kind, seq, ref, special }: Begun, context: CallContext): void {
    const borrower = special ? this.#borrower() : undefined
    const running = {
      seq,
      ref,
      context,
      talked: !this.#someEnded,
      nested: undefined,
      stream: undefined,
      borrower,
      importing: false,
    }
    if (kind === 'run' && seq > this.#highest) this.#highest = seq
    if (kind !== 'run' || this.#sideBySide) this.#beside.set(seq, running)
    else this.#current = running
  }

  /**
   * The call is being answered: the calls that it made and its loans end now. Undefined if it was
   * answered before.
   */
  end(seq: number): Running | undefined {
    const running = this.of(seq)
    if (running === undefined) return undefined
    this.#someEnded = true
    running.nested?.end()
    giveBack(running)
    if (this.#current === running) this.#current = undefined
    else this.#beside.delete(seq)
    if (this.#beside.size === 0) {
      this.#besideEnd?.unpark()
      this.#besideEnd = undefined
    }
    return running
  }

  /**
   * The calls that the worker helped with end before another call of the hand begins, so that they
   * can't do harm to that one.
   */
  besideEnd(): Promise<void> | undefined {
    if (this.#beside.size === 0 || this.#sideBySide) return undefined
    this.#besideEnd ??= park<void>('calls that were helped with to end', this)
    return this.#besideEnd.promise
  }

  /**
   * Where channel ends arrive. What the call has sent on them leaves, even if the call ends this
   * worker.
   */
  #borrower(): Borrower {
    if (!this.#givesBack) {
      this.#givesBack = true
      process.on('exit', () => {
        for (const running of this.all) giveBack(running)
      })
    }
    return { loans: [], links: this.#links }
  }
}

/** Ends the call's loans, before the call is answered. */
function giveBack({ borrower }: Running): void {
  if (borrower !== undefined) for (const loan of borrower.loans) loan.end()
}
