/** What lives on shared memory goes to no other process. */
import type { PackCrossing } from '../declared/shareable.ts'

/** @throws Error to a process: it has memory of its own */
export function needsSharedMemory(crossing: PackCrossing, what: string): void {
  if (crossing.sharedMemory) return
  throw new Error(
    `a ${what} lives on memory that the threads of one process share, and another process does not share it. ` +
      'Run the task on threads(), or send messages instead: a Channel may go to a process.',
  )
}
