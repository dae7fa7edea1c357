/** A module whose first task never ends. */
import { task } from '../../../src/task/task.ts'
import * as faults from './faults.ts'

export const hold = task(import.meta, function hold(marker?: string): Promise<never> {
  return faults.hold(marker)
})
