/**
 * Names of actors on this thread: taken when an actor starts, free before anyone hears that it has
 * ended.
 */

import type { Cell } from './cell.ts'
import { NameTakenError } from './errors.ts'
import type { ActorRef } from './ref.ts'
import type { System } from './system.ts'

/** @throws NameTakenError */
export function named({ names }: System, cell: Cell, name: string, ref: ActorRef): void {
  if (names.has(name)) throw new NameTakenError(name)
  names.set(name, ref)
  cell.extras.register(name, () => {
    if (names.get(name) === ref) names.delete(name)
  })
}
