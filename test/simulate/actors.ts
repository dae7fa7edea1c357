/**
 * The actors of the played trees. Both sides are in one thread, so what an actor has done can be
 * noted here.
 */
import { actor } from '../../src/actors/definition.ts'
import type { Ref } from '../../src/actors/ref.ts'
import { sleep } from '../../src/coroutines/time/sleep.ts'
import { runtime } from '../../src/runtime/runtime.ts'
import type { Death } from './fate.ts'
import type { PlayedWorker } from './played-worker.ts'

/** What a play is told by its actors. */
export interface Watched {
  /** The messages that were worked on, by actor, in order. */
  did(actor: string, id: number): void
  readonly workers: readonly PlayedWorker[]
}

let watched: Watched = { did() {}, workers: [] }

/** From now on actors tell this one; plays come one after the other. */
export function actorsTellTo(play: Watched): void {
  watched = play
}

export class Faulty extends Error {}

/** What an actor has of another that it may be asked to ask. */
type Friend = Ref<{ add(id: number): number }>

export const Member = actor(
  import.meta,
  class Member {
    readonly #name: string
    #friend: Friend | undefined

    constructor(name: string) {
      this.#name = name
    }

    add(id: number): number {
      watched.did(this.#name, id)
      return id
    }

    async addLater(id: number, ms: number): Promise<number> {
      watched.did(this.#name, id)
      await sleep(ms)
      return id
    }

    /** Its own failure, and the asker's. */
    breakDown(id: number): never {
      watched.did(this.#name, id)
      throw new Faulty(`message ${id}`)
    }

    /** The asker's failure only. */
    refuse(id: number): never {
      watched.did(this.#name, id)
      throw new RangeError(`message ${id}`)
    }

    /** Takes its worker along. */
    async die(id: number, how: Death): Promise<number> {
      watched.did(this.#name, id)
      const here = runtime()
      watched.workers.find(({ mortal }) => mortal === here)?.endsAs(how)
      await sleep(1)
      return id
    }

    meet(id: number, friend: Friend): number {
      watched.did(this.#name, id)
      this.#friend = friend
      return id
    }

    /** Asks whom it has met; itself if nobody. */
    async pass(id: number, friendsId: number): Promise<number> {
      watched.did(this.#name, id)
      if (this.#friend !== undefined) await this.#friend.ask.add(friendsId)
      return id
    }

    *upTo(id: number, count: number): Generator<number> {
      watched.did(this.#name, id)
      for (let n = 0; n < count; n += 1) yield n
    }
  },
  { crashOn: [Faulty] },
)
