/**
 * Back-pressure between actors: who tells a full mailbox takes no further message of its own until
 * there is room.
 *
 *     A tells B, whose mailbox is full ─▶ B mutes A ─▶ B is at half its capacity, has ended, or A is asked ─▶ A works on
 *
 * After the backpressure of the Pony runtime (ponyc, since 0.19). Like there, an actor that has too
 * much to do itself is not muted, or two could wait for each other. An ask ends it, since whoever
 * is asked must answer.
 */
import type { Definition, Inlet } from './contract.ts'
import type { HeldUp, HeldUps } from './held-up.ts'

/** What has a mailbox. */
export interface Boxed {
  readonly definition: Definition
  readonly waiting: number
  readonly system: { readonly heldUps: HeldUps }
  /** A search comes to it for one that it may hold up; see held-up.ts. */
  reached(search: number): void
  /** Gets in line again, after what kept it from work has ended. */
  wake(): void
}

export class Muting implements HeldUp {
  readonly #actor: Boxed
  /** Whom this actor holds up. */
  #muted: Set<Muting> | undefined
  /** Who holds this actor up. */
  #mutedBy: Set<Muting> | undefined

  constructor(actor: Boxed) {
    this.#actor = actor
  }

  /** From where its messages come, if from elsewhere. */
  #inlets: Inlet[] | undefined
  /** How many messages were taken since the inlets were looked at. */
  #sinceLook = 0
  /** So many messages it works on whoever would hold it up, as it would wait for itself. */
  #toWorkOn = 0

  takeFrom(inlet: Inlet): void {
    if (inlet.taken === 0) {
      // A ref may come and go often, each time by an inlet of its own.
      const open = this.#inlets?.filter(({ isOver }) => !isOver) ?? []
      this.#inlets = [...open, inlet]
    }
    inlet.taken += 1
  }

  /** Whether it takes no message now. */
  get muted(): boolean {
    return this.#mutedBy !== undefined && this.#mutedBy.size > 0
  }

  mute(sender: Muting): void {
    if (sender === this || sender.#toWorkOn > 0) return
    this.#muted ??= new Set()
    this.#muted.add(sender)
    sender.#mutedBy ??= new Set()
    sender.#mutedBy.add(this)
  }

  /** Lets the senders go on, once there is room again. */
  relieve(): void {
    if (this.#toWorkOn > 0) this.#toWorkOn -= 1
    if (this.#inlets !== undefined) this.#tellInlets(this.#inlets)
    if (this.#muted === undefined || this.#muted.size === 0) return
    if (this.#actor.waiting > this.#actor.definition.capacity / 2) return
    this.#release()
  }

  /** What waits may be from any of them, so each is told of what is surely done. */
  #tellInlets(inlets: readonly Inlet[]): void {
    const { waiting, definition } = this.#actor
    this.#sinceLook += 1
    if (this.#sinceLook < definition.capacity / 16) return
    this.#sinceLook = 0
    for (const inlet of inlets) {
      const done = inlet.taken - waiting
      if (done - inlet.told < definition.capacity / 4) continue
      inlet.told = done
      inlet.tell()
    }
  }

  seekHolders(search: number): void {
    for (const by of this.#mutedBy ?? []) by.#actor.reached(search)
  }

  /** A search for one that it may hold up: for itself, or goes on at those that hold it up. */
  reached(search: number): void {
    const { heldUps } = this.#actor.system
    if (!heldUps.isSought(search, this)) {
      if (heldUps.enters(search, this)) this.seekHolders(search)
      return
    }
    this.#toWorkOn = this.#actor.waiting
    this.workOn()
    this.#actor.wake()
  }

  /** Works on, whoever holds it up. */
  workOn(): void {
    for (const by of this.#mutedBy ?? []) by.#muted?.delete(this)
    this.#mutedBy = undefined
  }

  end(): void {
    this.workOn()
    this.#release()
  }

  #release(): void {
    const muted = [...(this.#muted ?? [])]
    this.#muted?.clear()
    for (const sender of muted) {
      sender.#mutedBy?.delete(this)
      if (!sender.muted) sender.#actor.wake()
    }
  }
}
