/**
 * `array[0]++` on two threads, found as a race: `node gallery/atomicity/race.ts`. A program of your
 * own is looked at by `ATONCE_DEBUG=races node main.ts`.
 */
import { threads } from '../../src/index.ts'
import { SharedArray } from '../../src/sync.ts'
import { increment } from './tasks.ts'

if (import.meta.main) {
  process.env['ATONCE_DEBUG'] = 'races' // Before there is anything to look at.
  await using one = threads({ workers: 1, name: 'one' })
  await using other = threads({ workers: 1, name: 'other' })
  const array = new SharedArray('i32', 1)
  // Each is done in a blink, and perhaps they never meet. It is a race all the same.
  await Promise.all([one.run(increment, array), other.run(increment, array)])
  console.log(`two threads have added 1: ${array.view[0]}`)
  process.exitCode = 0 // It was to be found.
}
