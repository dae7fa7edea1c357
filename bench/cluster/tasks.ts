/** What is run: little, so that the queue's own cost shows. */
import { actor } from '../../src/actors.ts'
import { context, sleep, task } from '../../src/index.ts'

export const lengthOf = task(
  import.meta,
  function lengthOf(text: string): number {
    return text.length
  },
  { idempotent: true },
)

export const square = task(
  import.meta,
  function square(n: number): number {
    return n * n
  },
  { idempotent: true },
)

export const bytesOf = task(
  import.meta,
  function bytesOf(length: number, value: number): Uint8Array {
    return new Uint8Array(length).fill(value)
  },
  { idempotent: true },
)

/** Its first run never ends; the next one tells when it was called, in milliseconds since 1970. */
export const secondRun = task(
  import.meta,
  async function secondRun(): Promise<number> {
    const calledMs = Date.now()
    if (context().attempt === 1) await sleep(3_600_000)
    return calledMs
  },
  { idempotent: true },
)

/** Answers with what it was asked; its state never changes. */
export const Echo = actor(
  import.meta,
  class Echo {
    same(text: string): string {
      return text
    }
  },
)
