/**
 * An executor that a user writes by the public contract, on top of another one, does all that
 * executors must do.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Backend,
  backendOf,
  type Closing,
  createExecutor,
  executorConformance,
  type Job,
  type LongCall,
} from '../src/testing.ts'
import { threads } from '../src/threads/threads.ts'

/** Counts the jobs that go through it. */
class Counting implements Backend {
  jobs = 0
  readonly #on: Backend

  constructor(on: Backend) {
    this.#on = on
  }

  get model() {
    return this.#on.model
  }
  get name() {
    return this.#on.name
  }
  get workers() {
    return this.#on.workers
  }
  get concurrency() {
    return this.#on.concurrency ?? this.#on.workers
  }
  get closeGraceMs() {
    return this.#on.closeGraceMs
  }

  submit(job: Job): void {
    this.jobs += 1
    this.#on.submit(job)
  }

  each(): readonly object[] {
    return this.#on.each?.() ?? [{}]
  }
  pause(...args: Parameters<Backend['pause']>): ReturnType<Backend['pause']> {
    return this.#on.pause(...args)
  }
  cancel(job: Job, error: Error): void {
    this.#on.cancel(job, error)
  }
  awaited(job: Job): void {
    this.#on.awaited?.(job)
  }
  room(...args: Parameters<Backend['room']>): Promise<void> {
    return this.#on.room(...args)
  }
  pull(job: Job, count: number): void {
    this.#on.pull(job, count)
  }
  leave(job: Job, reason: Error): void {
    this.#on.leave(job, reason)
  }
  stats() {
    return this.#on.stats()
  }
  accept(call: LongCall): boolean {
    return this.#on.accept?.(call) ?? true
  }
  left(): void {
    this.#on.left?.()
  }
  close(closing: Closing): Promise<void> {
    return this.#on.close(closing)
  }
}

let counted = 0

executorConformance(
  {
    name: 'an executor of one’s own',
    copies: true,
    start: options => {
      const counting = new Counting(backendOf(threads(options)) as Backend)
      counted += 1
      return createExecutor(counting)
    },
  },
  (name, body) => test(name, { timeout: 60_000 }, body),
)

test('it was this one that was tried', () => assert.ok(counted > 90))
