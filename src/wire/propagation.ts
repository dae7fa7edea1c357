/**
 * The caller's propagated storages, on their way with a call.
 *
 *     submit ─▶ encodeStores ─▶ ToldStorages ─┊─ storage {ref, place}, once ─┊─▶ HeardStorages
 *                                             ─┊─ stores {ref, value} ────────┊─▶ HeardStorages.within ─▶ the task
 *
 * A job is submitted in its caller's asynchronous context, whatever the pool does with it later. On
 * the fast lane the stores are a plain list of refs and values.
 */
import type { Place } from '../declared/declarations.ts'
import { isPropagatedHere, storesHere, withStores } from '../declared/propagated.ts'
import { SerializationError } from '../errors.ts'
import { type Crossing, decode, encode } from './codec.ts'
import type { StorageMessage, WireStores } from './messages.ts'

/** What one storage held when a call was submitted, ready to be copied. */
export interface EncodedStore {
  readonly place: Place
  readonly value: unknown
  readonly special: boolean
}

/**
 * What the propagated storages hold here, ready to be copied; undefined if they hold nothing.
 * @throws SerializationError naming what can't cross, as `context.requestId.callback`
 * @throws PayloadTooLargeError
 */
export function encodeStores(crossing: Crossing): readonly EncodedStore[] | undefined {
  return storesHere()?.map(({ place, value }) => {
    const path = place.name === '' ? `context[${place.position}]` : `context.${place.name}`
    const encoded = encode(value, path, crossing)
    if (encoded.transfer.length > 0)
      throw new SerializationError(
        path,
        `${path} holds something that moves, and a context goes with every call. Pass it as an argument of one.`,
      )
    return { place, value: encoded.value, special: encoded.special }
  })
}

/** Stores as the fast lane takes them: ref, value, ref, value … */
export type PlainStores = readonly unknown[]

/** The near side: the numbers of storages on the connection to one worker. */
export class ToldStorages {
  readonly #refs = new Map<Place, number>()
  readonly #send: (message: StorageMessage) => void

  constructor(send: (message: StorageMessage) => void) {
    this.#send = send
  }

  wire(stores: readonly EncodedStore[]): WireStores {
    return stores.map(({ place, value, special }) => ({ ref: this.#tell(place), value, special }))
  }

  /** The same for the fast lane; undefined if it can't take these. */
  plain(stores: readonly EncodedStore[]): PlainStores | undefined {
    const plain: unknown[] = []
    for (const { place, value, special } of stores) {
      if (special) return undefined
      plain.push(this.#tell(place), value)
    }
    return plain
  }

  #tell(place: Place): number {
    const known = this.#refs.get(place)
    if (known !== undefined) return known
    const ref = this.#refs.size + 1
    this.#refs.set(place, ref)
    this.#send({ kind: 'storage', ref, place })
    return ref
  }
}

/** The far side: the storages of those numbers. */
export class HeardStorages {
  readonly #places = new Map<number, Place>()

  hear({ ref, place }: StorageMessage): void {
    this.#places.set(ref, place)
  }

  has(ref: number): boolean {
    return this.#places.has(ref)
  }

  /**
   * Calls `body` with the storages holding what came with the call. Values of storages that are
   * unknown here are not decoded.
   */
  within<T>(stores: WireStores, body: () => T): T {
    const readable = []
    for (const { ref, value, special } of stores) {
      const place = this.#places.get(ref)
      if (place !== undefined && isPropagatedHere(place))
        readable.push({ place, value: decode(value, special, 'context') })
    }
    return withStores(readable, body)
  }
}

/** The stores of a call that came on the fast lane. */
export function storesOf(plain: PlainStores): WireStores {
  const stores = []
  for (let at = 0; at < plain.length; at += 2)
    stores.push({ ref: plain[at] as number, value: plain[at + 1], special: false })
  return stores
}
