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
  for (const [model, start] of Object.entries({ threads, processes })) {
    try {
      seen[model] = await onPool(start({ workers: 2 }), call)
    } catch (error) {
      seen[model] = describe(error as Error)
    }
  }
  return seen
}

async function onPool(pool: Executor, call: (pool: Executor) => PromiseLike<unknown>): Promise<unknown> {
  try {
    return await call(pool)
  } finally {
    await pool.close()
  }
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

/**
 * What the program printed. It prints once: a worker that runs the main program too would be seen
 * here.
 */
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

/**
 * Checks that the program computed the known counts of primes in threads and in processes that were
 * not itself.
 */
export function assertSurveyed(ended: Ended): void {
  const { main, processes } = assertThreads(ended)
  assertCounted(processes, ended)
  assert.match(processes.there.worker, /^process \d+/)
  assert.notEqual(processes.there.pid, main.pid)
}

/** The same where threads work, and processes are refused with an error of this code. */
export function assertThreadsSurveyed(ended: Ended, code: string): void {
  const { processes } = assertThreads(ended)
  assert.equal((processes as unknown as SeenError).code, code, ended.text)
}

function assertThreads(ended: Ended): Survey {
  const seen = seenBy(ended) as Survey
  const { main, threads } = seen
  assert.equal(ended.code ?? 'ended by the test', ended.signal === null ? 0 : 'ended by the test', ended.text)
  assert.equal(main.worker, 'main')
  assert.equal(main.isWorker, false)
  assertCounted(threads, ended)
  assert.match(threads.there.worker, /^thread \d+$/)
  assert.equal(threads.there.pid, main.pid)
  assert.notEqual(threads.there.threadId, main.threadId)
  return seen
}

function assertCounted({ primes, there }: Survey['threads'], ended: Ended): void {
  assert.deepEqual(primes, [168, 135], ended.text) // π(1000) = 168, π(2000) = 303
  assert.equal(there.primes, 127, ended.text) // π(3000) = 430
  assert.equal(there.isWorker, true)
}

/**
 * `money.ts`, `price.ts`: a class that says how it crosses, an error and a storage, declared beside
 * tasks of their own and of another module; two classes have one name. It prints what is left of
 * them after their way there and back.
 */
export const boundaryFiles: Readonly<Record<string, string>> = {
  'money.ts': `
import { AsyncLocalStorage } from 'node:async_hooks'
import { propagated, shareable, task } from 'atonce'
export class Money {
  readonly #cents: number
  constructor(cents: number) { this.#cents = cents }
  get cents(): number { return this.#cents }
  static { shareable(import.meta, Money, { pack: money => money.#cents, unpack: cents => new Money(cents) }) }
}
export class Overdrawn extends Error {
  balance = new Money(-1)
}
shareable(import.meta, Overdrawn)
export const requestId = propagated(import.meta, new AsyncLocalStorage<string>(), 'requestId')
const other = shareable(import.meta, class Row { of = 'money' })
export const row = () => new other()
export const pay = task(import.meta, function pay(price: Money) {
  if (price.cents > 100) throw new Overdrawn('too much')
  return [new Money(price.cents * 2), requestId.getStore(), row()]
})
`,
  'price.ts': `
import { shareable, task } from 'atonce'
import { Money } from './money.ts'
const mine = shareable(import.meta, class Row { of = 'price'; price = new Money(3) })
export const row = () => new mine()
export const sum = task(import.meta, function sum(one: { price: Money }) { return one.price.cents })
`,
  'main.ts': `
import { isWorker } from 'atonce'
import { onEach, print } from './survey.ts'
import { Money, Overdrawn, pay, requestId, row } from './money.ts'
import { row as priceRow, sum } from './price.ts'
if (!isWorker) print(await onEach(pool => requestId.run('r1', async () => {
  const [paid, id, back] = await pool.run(pay, new Money(21)) as [Money, string, object]
  const error = await pool.run(pay, new Money(101)).catch(error => error)
  return [
    paid instanceof Money, paid.cents, id, back.constructor === row().constructor,
    error instanceof Overdrawn, error.balance instanceof Money && error.balance.cents,
    await pool.run(sum, priceRow()), await pool.map(sum, [priceRow(), priceRow()], { chunk: 2 }),
  ]
})))
`,
}

/** Checks that instances, the error and the storage came through on both pools. */
export function assertBoundaryCrossed(ended: Ended): void {
  const seen = seenBy(ended) as Record<string, unknown>
  for (const model of ['threads', 'processes'])
    assert.deepEqual(seen[model], [true, 42, 'r1', true, true, -1, 3, [3, 3]], ended.text)
}
