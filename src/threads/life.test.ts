/**
 * One thread, started, used, watched and ended without a pool: what an isolate or an actor's host
 * stands on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerExitedError } from '../errors.ts'
import { checkPoolOptions } from '../pool/options.ts'
import { park } from '../runtime/park.ts'
import { Life, type LifeOwner } from '../worker/life.ts'
import { double, exitSoon } from './fixtures/tasks.ts'
import { threadStarter } from './thread.ts'

/** Gives one thread one call after the other, by hand. */
class Alone implements LifeOwner {
  readonly at = undefined
  readonly life: Life
  readonly started = park<void>('the thread to start', this)
  readonly end = park<Error>('the thread to end', this)
  readonly #answer = park<unknown>('an answer', this)

  constructor() {
    const options = checkPoolOptions('alone', { workers: 1 })
    this.life = new Life(1, threadStarter(options, 0), this, options)
    this.life.hears.on('done', ({ value }) => this.#answer.unpark(value))
  }

  call(task: typeof double | typeof exitSoon, ...args: unknown[]): Promise<unknown> {
    const ref = this.life.refOf(task)
    this.life.worker.give({ kind: 'run', seq: 1, ref, args, special: false, chunk: false, attempt: 1 }, [])
    this.life.worker.flush?.()
    return this.#answer.promise
  }

  ready(): void {
    this.started.unpark()
  }

  done(_seq: number, _workMs: number, value: unknown): void {
    this.#answer.unpark(value)
  }

  patience(): number {
    return 0
  }

  ended(why: Error): void {
    this.end.unpark(why)
  }
}

test('a thread without a pool starts, answers a call, and ends when it is asked to', async () => {
  const alone = new Alone()
  await alone.started.promise
  assert.equal(await alone.call(double, 21), 42)
  alone.life.stop()
  await alone.end.promise
  assert.equal(alone.life.state, 'ended')
})

test('a thread without a pool that ends by itself tells why', async () => {
  const alone = new Alone()
  await alone.started.promise
  void alone.call(exitSoon)
  const why = await alone.end.promise
  assert.ok(why instanceof WorkerExitedError, String(why))
})
