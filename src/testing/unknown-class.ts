/** A class and a storage that the program declares, and the workers of the conformance suite never import. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { propagated } from '../declared/propagated.ts'
import { shareable } from '../declared/shareable.ts'

export class Unknown {
  readonly known = false
}
shareable(import.meta, Unknown)

export const unknownStorage: AsyncLocalStorage<unknown> = propagated(
  import.meta,
  new AsyncLocalStorage<unknown>(),
  'unknown',
)
