/** What two threads do to one number. */
import { task } from '../../src/index.ts'
import type { SharedArray } from '../../src/sync.ts'

export const increment = task(import.meta, function increment({ view }: SharedArray<'i32'>): void {
  view[0] = (view[0] as number) + 1
})
