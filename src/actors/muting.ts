/**
 * Back-pressure between actors: who tells a full mailbox takes no further message of its own until there is room.
 *
 *     A tells B, whose mailbox is full ─▶ B mutes A ─▶ B is at half its capacity, has ended, or A is asked ─▶ A works on
 *
 * After the backpressure of the Pony runtime (ponyc, since 0.19). Like there, an actor that has too much to do itself is
 * not muted, or two could wait for each other. An ask ends it, since whoever is asked must answer.
 */
import type { LiveActor } from './live-actor.ts'

export class Muting {
  readonly #actor: LiveActor
  /** Whom this actor holds up. */
  #muted: Set<Muting> | undefined
  /** Who holds this actor up. */
  #mutedBy: Set<Muting> | undefined

  constructor(actor: LiveActor) {
    this.#actor = actor
  }

  /** Whether it takes no message now. */
  get muted(): boolean {
    return this.#mutedBy !== undefined && this.#mutedBy.size > 0
  }

  mute(sender: Muting): void {
    if (sender === this) return
    this.#muted ??= new Set()
    this.#muted.add(sender)
    sender.#mutedBy ??= new Set()
    sender.#mutedBy.add(this)
  }

  /** Lets the senders go on, once there is room again. */
  relieve(): void {
    if (this.#muted === undefined || this.#muted.size === 0) return
    if (this.#actor.waiting > this.#actor.definition.capacity / 2) return
    this.#release()
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
