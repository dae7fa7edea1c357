/**
 * What is proved, and how: each model in all its orders, and each planted mistake found by one of
 * them and played again.
 */
import { type Explored, explore } from '../../src/testing/explorer/explore.ts'
import { type Library, loadLibrary, small } from './library.ts'
import { type Model, models } from './models.ts'
import type { Variant } from './variants.ts'

/** @throws Error with the order in which it fails */
export function proveModel(model: Model, library: Library): Explored {
  const explored = explore(model.program(library), model.options)
  if (explored.failure !== undefined) throw new Error(`${model.name}\n${explored.failure.trace}`)
  if (!explored.complete) throw new Error(`${model.name}: not complete after ${explored.states} states.`)
  return explored
}

/** The mistake, as it was found. */
export interface Found {
  readonly model: Model
  readonly kind: string
  readonly schedule: string
  readonly trace: string
}

/**
 * Finds a planted mistake, and plays the order that shows it again.
 * @throws Error if no model finds it, or the order does not show it a second time
 */
export async function findVariant(variant: Variant): Promise<Found> {
  const sized = small.filter(({ find }) => variant.patient !== true || !find.includes('patience'))
  const library = await loadLibrary([...sized, variant.edit])
  for (const model of models.filter(({ name, long }) => long !== true && name.startsWith(variant.models))) {
    const { failure } = explore(model.program(library), model.options)
    if (failure === undefined) continue
    const { error, kind, schedule, trace } = failure
    if (error instanceof ReferenceError || error instanceof TypeError)
      throw new Error(`${variant.name}: the variant does not run.`, { cause: error })
    const again = explore(model.program(library), { replay: schedule }).failure
    if (again?.kind !== kind || again.trace !== trace)
      throw new Error(`${variant.name}: ${schedule} did not fail a second time.`)
    return { model, kind, schedule, trace }
  }
  throw new Error(`${variant.name}: no model finds it.`)
}

/** The real locks, in the size of the models. */
export function realLibrary(): Promise<Library> {
  return loadLibrary(small)
}
