/** Tasks that clean up once they are told to stop, each in its own way. */
import { mkdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { context } from '../../src/task/context.ts'
import { task } from '../../src/task/task.ts'

/** Takes a turn for its cleaning up, after it has been told. */
export const waits = task(import.meta, async (trace: string): Promise<void> => {
  context().progress(1)
  try {
    await pause(600_000, undefined, { signal: context().signal })
  } finally {
    await pause(1)
    mkdirSync(trace)
  }
})

export const loops = task(import.meta, (trace: string): void => {
  context().progress(1)
  while (!context().cancelled);
  mkdirSync(trace)
})

export const yields = task(import.meta, async function* yields(trace: string): AsyncGenerator<number> {
  try {
    for (;;) {
      yield 1
      await pause(1)
    }
  } finally {
    await pause(1)
    mkdirSync(trace)
  }
})
