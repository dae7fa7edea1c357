/** The program that every way of building and running must get right, and the check that it did. */
import assert from 'node:assert/strict'
import type { Ended } from './project.ts'

/**
 * `tasks.ts`: tasks that compute something and say where.
 * `survey.ts`: runs them on both pools, and collects what they, or their errors, say.
 */
export const surveyFiles: Readonly<Record<'tasks.ts' | 'survey.ts', string>> = {
  'tasks.ts': `
import { threadId } from 'node:worker_threads'
import { context, isWorker, task } from 'atonce'

export interface Place { worker: string; isWorker: boolean; pid: number; threadId: number }

export const place = task(import.meta, function place(): Place {
  return { worker: context().worker, isWorker, pid: process.pid, threadId }
})

export const countPrimes = task(import.meta, function countPrimes(from: number, to: number): number {
  let primes = 0
  for (let n = Math.max(from, 2); n < to; n += 1) {
    let divisor = 2
    while (divisor * divisor <= n && n % divisor !== 0) divisor += 1
    if (divisor * divisor > n) primes += 1
  }
  return primes
})

export const countPrimesThere = task(import.meta, function countPrimesThere(from: number, to: number) {
  return { ...place(), primes: countPrimes(from, to) }
})
`,
  'survey.ts': `
import { AtonceError, type Executor, processes, threads } from 'atonce'
import { countPrimes, countPrimesThere, place } from './tasks.ts'

/** What the call returns on each model, or the error that it fails with. */
export async function onEach(call: (pool: Executor) => PromiseLike<unknown>): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  for (const start of [threads, processes]) {
    const pool = start({ workers: 2 })
    try {
      seen[pool.model] = await call(pool)
    } catch (error) {
      seen[pool.model] = describe(error as Error)
    }
    await pool.close()
  }
  return seen
}

export async function survey(): Promise<Record<string, unknown>> {
  const ranges: [number, number][] = [[0, 1_000], [1_000, 2_000]]
  const seen = await onEach(async pool => ({
    primes: await pool.map(countPrimes, ranges, { chunk: 1 }),
    there: await pool.run(countPrimesThere, 2_000, 3_000),
  }))
  return { main: place(), ...seen }
}

export function describe(error: Error): Record<string, unknown> {
  const { name, message, code } = error as Error & { code?: string }
  return { name, message, code, isAtonceError: error instanceof AtonceError }
}

/** One line, which stands out in whatever a test runner or a bundler prints. */
export function print(seen: unknown): void {
  console.log('seen: ' + JSON.stringify(seen))
}
`,
}

interface Place {
  readonly worker: string
  readonly isWorker: boolean
  readonly pid: number
  readonly threadId: number
}

interface Survey {
  readonly main: Place
  readonly threads: { readonly primes: number[]; readonly there: Place & { readonly primes: number } }
  readonly processes: Survey['threads']
}

/** An error as the program saw it. */
export interface SeenError {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  readonly isAtonceError: boolean
}

/** What the program printed. It prints once: a worker that runs the main program too would be seen here. */
export function seenBy(ended: Ended): unknown {
  const lines = ended.stdout.match(/(?<=seen: )\{.*\}/g) ?? []
  assert.equal(lines.length, 1, ended.text)
  return JSON.parse(lines[0] ?? '')
}

/** The errors that it printed, of threads and of processes. */
export function errorsSeenBy(ended: Ended): SeenError[] {
  const { threads, processes } = seenBy(ended) as Record<string, SeenError>
  assert.ok(threads?.message !== undefined && processes?.message !== undefined, ended.text)
  return [threads, processes]
}

/** Checks that the program computed the known counts of primes in threads and in processes that were not itself. */
export function assertSurveyed(ended: Ended): void {
  const { main, threads, processes } = seenBy(ended) as Survey
  assert.equal(ended.code ?? 'ended by the test', ended.signal === null ? 0 : 'ended by the test', ended.text)
  assert.equal(main.worker, 'main')
  assert.equal(main.isWorker, false)
  for (const { primes, there } of [threads, processes]) {
    assert.deepEqual(primes, [168, 135], ended.text) // π(1000) = 168, π(2000) = 303
    assert.equal(there.primes, 127) // π(3000) = 430
    assert.equal(there.isWorker, true)
  }
  assert.match(threads.there.worker, /^thread \d+$/)
  assert.equal(threads.there.pid, main.pid)
  assert.notEqual(threads.there.threadId, main.threadId)
  assert.match(processes.there.worker, /^process \d+/)
  assert.notEqual(processes.there.pid, main.pid)
}
