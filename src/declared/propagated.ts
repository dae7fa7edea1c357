/**
 * Context propagation: values of an AsyncLocalStorage that go with a call to another thread or
 * process.
 *
 *     caller: storage.run(value, () => pool.run(task)) ─▶ storesHere ─┊─ place + copy ─┊─▶ withStores ─▶ task: storage.getStore()
 *
 * As in OpenTelemetry's propagation, what the other side does not know is left out: nobody there
 * could read it.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { DeclarationError } from '../errors.ts'
import { sharedByCopies } from '../runtime/copies.ts'
import { Declarations, type Place } from './declarations.ts'
import type { Where } from './where.ts'

const hooks = process.getBuiltinModule('node:async_hooks')

/** A storage that was declared to be propagated. */
interface PropagatedStorage {
  readonly place: Place
  readonly storage: AsyncLocalStorage<unknown>
}

/** What one storage holds here. */
export interface Store {
  readonly place: Place
  readonly value: unknown
}

const declared = new Declarations<PropagatedStorage>('propagated')
/** The same as a list; made anew after a declaration. */
const all = sharedByCopies('propagated.list', () => ({ list: [] as readonly PropagatedStorage[] }))

/**
 * Lets the value that an AsyncLocalStorage holds at `run`, `map` or `stream` go with the call, so
 * that the task finds it in the same storage on whatever thread or process it runs. Returns the
 * storage.
 *
 * The value is copied when the call is made, as an argument is; what can't be copied rejects the
 * call by its path, as `context.requestId.callback`. A storage that holds `undefined` sends
 * nothing. A change on the far side stays there. On `coroutines()` the task sees the caller's
 * storages, declared or not, as any function that is called.
 *
 * Call it at the top level of a module that both sides import: the program, to set the storage, and
 * the task's module, to read it. On a side that does not import it, the value is left out. `name`
 * is shown in errors.
 *
 * A storage that is not set costs some 10 ns for each call. One that is set sends its value with
 * each call, and once for each chunk of a map: about 2 µs for a short string.
 *
 * @throws DeclarationError if `where` names no module, or if it is not an AsyncLocalStorage, or one
 *   that is declared already
 * @example
 * export const requestId = propagated(import.meta, new AsyncLocalStorage<string>(), 'requestId')
 */
export function propagated<S extends AsyncLocalStorage<any>>(where: Where, storage: S, name?: string): S {
  if (!(storage instanceof hooks.AsyncLocalStorage)) {
    throw new DeclarationError(
      'propagated(import.meta, storage) takes an AsyncLocalStorage of node:async_hooks: propagated(import.meta, new AsyncLocalStorage()).',
    )
  }
  if (all.list.some(known => known.storage === storage)) {
    throw new DeclarationError(
      `The storage ${storageName(storage, name)} is propagated already. Declare it once.`,
    )
  }
  declared.declare(where, storageName(storage, name), propagated, place => ({ place, storage }))
  all.list = [...declared.all()]
  return storage
}

/** What the declared storages hold here, as far as they hold anything. */
export function storesHere(): readonly Store[] | undefined {
  if (all.list.length === 0) return undefined
  let stores: Store[] | undefined
  for (const { place, storage } of all.list) {
    const value = storage.getStore()
    if (value === undefined) continue
    stores ??= []
    stores.push({ place, value })
  }
  return stores
}

/** Whether a storage was declared at that place on this side. */
export function isPropagatedHere(place: Place): boolean {
  return declared.find(place) !== undefined
}

/** Calls `body` where the storages hold these; what is not declared on this side is left out. */
export function withStores<T>(stores: readonly Store[], body: () => T): T {
  const within = (at: number): T => {
    const store = stores[at]
    if (store === undefined) return body()
    const known = declared.find(store.place)
    return known === undefined ? within(at + 1) : known.storage.run(store.value, () => within(at + 1))
  }
  return within(0)
}

/** Node gives a storage a name from 24 on. */
function storageName(storage: AsyncLocalStorage<unknown>, given: string | undefined): string {
  return given ?? (storage as { name?: string }).name ?? ''
}
