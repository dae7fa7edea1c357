/**
 * Tasks that write down that they ran. Each run has a token of its own, so that it shows whose
 * result counts.
 */
import { sleep } from '../../src/coroutines/time/sleep.ts'
import { context } from '../../src/task/context.ts'
import { task } from '../../src/task/task.ts'
import { note } from './ledger.ts'

export interface Ran {
  readonly id: string
  readonly token: string
}

let runs = 0

async function ran(id: string, ms: number): Promise<Ran> {
  runs += 1
  const token = `${process.pid}.${performance.timeOrigin}.${runs}`
  note('begin', id, token)
  if (ms > 0) await sleep(ms)
  note('end', id, token)
  return { id, token }
}

export const work = task(
  import.meta,
  function work(id: string, ms: number, ballast?: Uint8Array): Promise<Ran> {
    if (ballast !== undefined && !ballast.every(byte => byte === 7)) note('wrong', `the ballast of ${id}`)
    return ran(id, ms)
  },
  { idempotent: true },
)

/** May not run twice. */
export const once = task(import.meta, function once(id: string, ms: number): Promise<Ran> {
  return ran(id, ms)
})

/** Fails at its first attempt. */
export const flaky = task(
  import.meta,
  function flaky(id: string): Promise<Ran> {
    if (context().attempt === 1) throw new RangeError(`the first attempt of ${id}`)
    return ran(id, 0)
  },
  { idempotent: true },
)

export const doomed = task(import.meta, function doomed(id: string): never {
  throw new RangeError(`doomed ${id}`)
})

export const square = task(
  import.meta,
  function square(n: number): number {
    return n * n
  },
  { idempotent: true },
)
