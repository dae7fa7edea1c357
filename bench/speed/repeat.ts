/** Bodies of work, repeated until there is enough to measure. */
import { medianSorted, quantileSorted } from 'simple-statistics'
import { measureRun } from '../../src/measure/measure-run.ts'
import type { Sample } from './case.ts'
import { childPids } from './children.ts'
import type { Pool } from './rival.ts'

/** What the system says of a measured stretch, in a sample's words. */
type Load = Pick<Sample, 'cpuUs' | 'ownCores' | 'foreignCores'>

/**
 * How many windows a pool is warmed up for where the cost of a call is measured: three seconds in a
 * whole run. V8 compiles what a call goes through for a second or two, on two cores that the pool
 * keeps busy, and a server's calls cost what they cost after that. Of a hand-written worker there
 * is little to compile: after one second it is as fast as it gets (bench/README.md).
 */
export const warmUpWindows = 6

/**
 * Runs `warmUp` for `warmUpMs`, then `body` for `windowMs`, each at least once; tells the median
 * time of `body`. `countPerBody` calls or items are in one body.
 */
export async function repeat(
  body: () => unknown,
  {
    windowMs,
    countPerBody,
    warmUp = body,
    warmUpMs = windowMs,
  }: { windowMs: number; countPerBody: number; warmUp?: () => unknown; warmUpMs?: number },
): Promise<Load & { medianMs: number }> {
  await stretch(warmUp, warmUpMs)
  const { answer: lengthsMs, load } = await loaded(() => stretch(body, windowMs))
  return { medianMs: medianSorted(lengthsMs.sort(ascending)), ...load(lengthsMs.length * countPerBody) }
}

async function stretch(body: () => unknown, windowMs: number): Promise<number[]> {
  const lengthsMs: number[] = []
  const end = performance.now() + windowMs
  do {
    const begun = performance.now()
    await body()
    lengthsMs.push(performance.now() - begun)
  } while (performance.now() < end)
  return lengthsMs
}

/**
 * Keeps `inFlight` calls in flight: each lane makes its next call when its last has answered.
 * `call` gets a new number each time and checks its own answer.
 */
export async function keepInFlight(
  call: (number: number) => unknown,
  { inFlight, windowMs }: { inFlight: number; windowMs: number },
): Promise<Sample & { p50Us: number }> {
  await lanes(call, inFlight, warmUpWindows * windowMs)
  const { answer: latenciesMs, load, wallMs } = await loaded(() => lanes(call, inFlight, windowMs))
  latenciesMs.sort(ascending)
  return {
    value: latenciesMs.length / (wallMs / 1_000),
    p50Us: quantileSorted(latenciesMs, 0.5) * 1_000,
    p99Us: quantileSorted(latenciesMs, 0.99) * 1_000,
    ...load(latenciesMs.length),
  }
}

async function lanes(
  call: (number: number) => unknown,
  inFlight: number,
  windowMs: number,
): Promise<number[]> {
  const latenciesMs: number[] = []
  const end = performance.now() + windowMs
  let calls = 0
  const lane = async (): Promise<void> => {
    // One look at the clock for each call: the end of one is the beginning of the next.
    let now = performance.now()
    while (now < end) {
      await call(calls++)
      const answered = performance.now()
      latenciesMs.push(answered - now)
      now = answered
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return latenciesMs
}

/** Runs `body` and tells what the machine did meanwhile. */
export async function loaded<T>(
  body: () => Promise<T>,
): Promise<{ answer: T; wallMs: number; load: (count: number) => Load }> {
  const { answer, measure } = await measureRun(body, childPids)
  const { wallMs, cpuMs, foreignMs } = measure
  const load = (count: number): Load => ({
    ...(cpuMs === undefined ? {} : { cpuUs: (cpuMs * 1_000) / count, ownCores: cpuMs / wallMs }),
    ...(foreignMs === undefined ? {} : { foreignCores: foreignMs / wallMs }),
  })
  return { answer, wallMs, load }
}

/**
 * All inputs at once: by the library's call for many inputs if it has one, else by one call each.
 */
export function runAll(
  pool: Pool,
  name: Parameters<Pool['run']>[0],
  inputs: readonly unknown[],
): PromiseLike<unknown[]> {
  return pool.map ? pool.map(name, inputs) : Promise.all(inputs.map(input => pool.run(name, input)))
}

/** @throws Error that says what was expected */
export function expect(got: unknown, wanted: unknown, what: string): void {
  if (got !== wanted) throw new Error(`${what}: expected ${String(wanted)}, got ${String(got)}.`)
}

const ascending = (a: number, b: number): number => a - b
