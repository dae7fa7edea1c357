/**
 * The caller's propagated storages, on their way with a call.
 *
 *     submit ─▶ encodeStores ─┊─ WireStores ─┊─▶ withWireStores ─▶ the task
 *
 * A job is submitted in its caller's asynchronous context, whatever the pool does with it later.
 */
import { isPropagatedHere, storesHere, withStores } from '../declared/propagated.ts'
import { SerializationError } from '../errors.ts'
import { type Crossing, decode, encode } from '../wire/codec.ts'
import type { WireStores } from '../wire/messages.ts'

/**
 * What the propagated storages hold here, ready to be copied; undefined if they hold nothing.
 * @throws SerializationError naming what can't cross, as `context.requestId.callback`
 * @throws PayloadTooLargeError
 */
export function encodeStores(crossing: Crossing): WireStores | undefined {
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

/** Calls `body` where the storages hold what came with the call; what nobody here could read is not even decoded. */
export function withWireStores<T>(stores: WireStores, body: () => T): T {
  const readable = stores.filter(({ place }) => isPropagatedHere(place))
  return withStores(
    readable.map(({ place, value, special }) => ({ place, value: decode(value, special, 'context') })),
    body,
  )
}
