/** Calls that leave a mark when they run, and then do all that calls do; for the stress test. */
import { openSync, writeSync } from 'node:fs'
import { context } from '../../src/task/context.ts'
import { task } from '../../src/task/task.ts'

export class Refused extends Error {
  readonly index: number

  constructor(index: number) {
    super(`call ${index} refused`)
    this.index = index
  }
}

export type Manner =
  | 'answer'
  | 'answer at length'
  | 'work'
  | 'wait'
  | 'talk'
  | 'throw'
  | 'exit'
  | 'crash'
  | 'spin'
  | 'spin deafly'

const logs = new Map<string, number>()

/**
 * One line in a file that all workers append to: each write is atomic, and there when the worker is
 * not any more.
 */
function mark(log: string, index: number): void {
  let fd = logs.get(log)
  if (fd === undefined) {
    fd = openSync(log, 'a')
    logs.set(log, fd)
  }
  writeSync(fd, `${index}\n`)
}

function spin(ms: number, stop: () => boolean = () => false): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs && !stop()) {}
}

function behave(index: number, manner: Manner): unknown {
  switch (manner) {
    case 'answer':
      return index * 2
    case 'answer at length':
      return { index, text: 'ж'.repeat(600), parts: new Map([[index, [index]]]) }
    case 'work':
      spin((index % 7) / 2)
      return index * 2
    case 'wait':
      return new Promise(resolve => setImmediate(resolve, index * 2))
    case 'talk':
      context().progress(index, 1)
      return index * 2
    case 'throw':
      throw new Refused(index)
    case 'exit':
      return process.exit(3)
    case 'crash':
      setImmediate(() => {
        throw new RangeError(`call ${index} crashed`)
      })
      return new Promise(() => {})
    case 'spin':
      spin(60_000, () => context().cancelled)
      return 'left'
    case 'spin deafly':
      return spin(60_000)
  }
}

/** Marks itself by a line in a file: its arguments are small and plain. */
export const logged = task(import.meta, function logged(log: string, index: number, manner: Manner): unknown {
  mark(log, index)
  return behave(index, manner)
})

/** Marks itself by a cell of shared memory. */
export const counted = task(
  import.meta,
  function counted(cells: Int32Array, index: number, manner: Manner): unknown {
    Atomics.add(cells, index, 1)
    return behave(index, manner)
  },
)
