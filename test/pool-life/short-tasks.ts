/** A module that a worker can't read at first: as when all files that may be open are open. */
import { existsSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { task } from '../../src/task/task.ts'

const granted = process.env['ATONCE_TEST_GRANTED'] ?? ''

if (!isMainThread && !existsSync(granted))
  throw Object.assign(new Error(`EMFILE: too many open files, open '${granted}'`), { code: 'EMFILE' })

export const double = task(import.meta, function double(value: number): number {
  return 2 * value
})
