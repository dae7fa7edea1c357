/**
 * A class and a storage that the program declares and its workers do not, though a bundle may hold
 * this module on both sides.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { propagated } from '../../declared/propagated.ts'
import { shareable } from '../../declared/shareable.ts'
import { isWorker } from '../../worker/birth.ts'

export class Unknown {
  readonly known = false
}

export const unknownStorage: AsyncLocalStorage<unknown> = new AsyncLocalStorage<unknown>()

if (!isWorker) {
  shareable(import.meta, Unknown)
  propagated(import.meta, unknownStorage, 'unknown')
}
