/** Waiting for many futures: each as it settles, all of them, the first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OptionError } from '../errors.ts'
import { everyoneParked } from '../runtime/park.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { abortError, type Future, FutureControl } from './future.ts'
import { asCompleted, type Completed, wait } from './wait.ts'

/** A future's control whose cancel is the test's. */
class Work<T> extends FutureControl<T> {
  cancel: (reason: unknown) => void

  constructor(cancel: (control: FutureControl<T>, reason: unknown) => void) {
    super()
    this.cancel = reason => cancel(this, reason)
  }
}

/** A future whose cancel does what an executor's does. */
function future<T = unknown>(): FutureControl<T> & { reasons: unknown[] } {
  const reasons: unknown[] = []
  const control = new Work<T>((control, reason) => {
    reasons.push(reason)
    control.reject(abortError('work', reason), 'cancelled')
  })
  return Object.assign(control, { reasons })
}

function several(count: number): FutureControl<number>[] {
  return Array.from({ length: count }, () => future<number>())
}

function futuresOf<T>(controls: readonly FutureControl<T>[]): Future<T>[] {
  return controls.map(control => control.future)
}

/** Fails without anybody having to listen. */
function fail(control: FutureControl<unknown>, error: unknown = new Error('failed')): void {
  control.future.catch(() => {})
  control.reject(error)
}

// ── one ──

// ── as they are completed ──

async function collect<T>(iterator: AsyncIterable<Completed<Future<T>>>): Promise<Future<T>[]> {
  const completed = await Array.fromAsync(iterator)
  return completed.map(({ future }) => future)
}

test('asCompleted yields in the order of settling, whatever the order they were given in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 8 }).chain(count =>
        fc.tuple(
          fc.shuffledSubarray(
            Array.from({ length: count }, (_, at) => at),
            { minLength: count },
          ),
          fc.nat(count),
          fc.array(fc.constantFrom('done', 'failed', 'cancelled' as const), { minLength: 8, maxLength: 8 }),
        ),
      ),
      async ([order, before, endings]) => {
        const controls = several(order.length)
        const settle = (at: number) => {
          const control = controls[at] as FutureControl<number>
          if (endings[at] === 'done') control.resolve(at)
          else if (endings[at] === 'failed') fail(control)
          else control.future.cancel()
        }
        for (const at of order.slice(0, before)) settle(at)
        const collected = collect(asCompleted(futuresOf(controls)))
        for (const at of order.slice(before)) {
          await Promise.resolve()
          settle(at)
        }
        const yielded = await collected
        assert.deepEqual(
          yielded.slice(before).map(found => controls.findIndex(control => control.future === found)),
          order.slice(before),
        )
        assert.deepEqual(new Set(yielded), new Set(futuresOf(controls)))
      },
    ),
  )
  assert.deepEqual(everyoneParked(), [])
})

test('asCompleted yields a future that was given twice once (test_as_completed.test_duplicate_futures)', async () => {
  const [one] = several(1) as [FutureControl<number>]
  one.resolve(1)
  assert.deepEqual(await collect(asCompleted([one.future, one.future])), [one.future])
})

test('asCompleted hands over failed futures without throwing', async () => {
  const control = future<number>()
  fail(control)
  const [found] = await collect(asCompleted([control.future]))
  assert.equal(found?.state, 'failed')
})

test('asCompleted ends at once for no futures', async () => {
  assert.deepEqual(await collect(asCompleted([])), [])
})

test('leaving the loop of asCompleted cancels nothing, and leaves nobody waiting', async () => {
  const controls = several(3)
  controls[1]?.resolve(1)
  for await (const found of asCompleted(futuresOf(controls))) {
    assert.deepEqual([found.future, found.index], [controls[1]?.future, 1])
    break
  }
  assert.deepEqual(
    controls.map(({ future }) => future.state),
    ['queued', 'done', 'queued'],
  )
  assert.deepEqual(everyoneParked(), [])
})

test('several consumers share one asCompleted; each future goes to one of them', async () => {
  const controls = several(5)
  const iterator = asCompleted(futuresOf(controls))
  const pulls = controls.map(() => iterator.next())
  const beyond = iterator.next()
  for (const control of controls) {
    control.resolve(0)
    await new Promise<void>(resolve => setImmediate(resolve))
  }
  const found = (await Promise.all(pulls)).map(({ value }) => (value as Completed<Future<number>>).future)
  assert.deepEqual(new Set(found), new Set(futuresOf(controls)))
  assert.equal((await beyond).done, true)
  assert.deepEqual(everyoneParked(), [])
})

test('a consumer that waits when asCompleted is closed gets its end', async () => {
  const iterator = asCompleted(futuresOf(several(2)))
  const [one, two] = [iterator.next(), iterator.next()]
  await Promise.resolve()
  await iterator.return?.()
  assert.deepEqual([(await one).done, (await two).done, (await iterator.next()).done], [true, true, true])
  assert.deepEqual(everyoneParked(), [])
})

// ── wait ──

test('the sets that wait returns are exact (test_wait.test_first_exception)', async () => {
  const [done, failed, running, queued] = several(4) as [
    FutureControl<number>,
    FutureControl<number>,
    FutureControl<number>,
    FutureControl<number>,
  ]
  running.started()
  const all = [done, failed, running, queued, done].map(control => control.future)
  const waiting = wait(all, { until: 'failure' })
  done.resolve(1)
  fail(failed)
  assert.deepEqual(await waiting, {
    settled: new Set([done.future, failed.future]),
    pending: new Set([running.future, queued.future]),
  })
})

test('wait until the first returns with the first, until all with all, and for none at once', async () => {
  const [one, two] = several(2) as [FutureControl<number>, FutureControl<number>]
  const [first, all] = [wait(futuresOf([one, two]), { until: 'first' }), wait(futuresOf([one, two]))]
  two.resolve(2)
  assert.deepEqual((await first).settled, new Set([two.future]))
  one.resolve(1)
  assert.deepEqual(await all, { settled: new Set([two.future, one.future]), pending: new Set() })
  assert.deepEqual(await wait([], { until: 'first' }), { settled: new Set(), pending: new Set() })
})

test('a cancelled future counts as a failure, a done one does not', async () => {
  const [one, two, three] = several(3) as [
    FutureControl<number>,
    FutureControl<number>,
    FutureControl<number>,
  ]
  const waiting = wait(futuresOf([one, two, three]), { until: 'failure' })
  let over = false
  waiting.then(() => {
    over = true
  })
  one.resolve(1)
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.equal(over, false)
  two.future.cancel()
  assert.deepEqual((await waiting).pending, new Set([three.future]))
})

test('what settles after wait has returned does not change what it returned', async () => {
  const [one, two] = several(2) as [FutureControl<number>, FutureControl<number>]
  one.resolve(1)
  const found = await wait(futuresOf([one, two]), { until: 'first' })
  two.resolve(2)
  await two.future
  assert.deepEqual([found.settled.size, found.pending.size], [1, 1])
})

test('wait returns with what there is when its time has passed, and cancels nothing', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const [done, pending] = several(2) as [FutureControl<number>, FutureControl<number>]
    done.resolve(1)
    let found: Awaited<ReturnType<typeof wait<Future<number>>>> | undefined
    wait(futuresOf([done, pending]), { timeoutMs: 500 }).then(result => {
      found = result
    })
    await virtual.advance(499)
    assert.equal(found, undefined)
    await virtual.advance(1)
    assert.deepEqual(found, { settled: new Set([done.future]), pending: new Set([pending.future]) })
    assert.equal(pending.future.state, 'queued')
  })
})

test('wait leaves no timer behind, and with no time at all it tells what has settled', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const [one, two] = several(2) as [FutureControl<number>, FutureControl<number>]
    one.resolve(1)
    await wait([one.future], { timeoutMs: 1_000 })
    assert.equal(virtual.timers, 0)
    const now = wait(futuresOf([one, two]), { timeoutMs: 0 })
    assert.deepEqual((await virtual.until(now)).settled, new Set([one.future]))
    assert.equal(virtual.now(), 0)
  })
})

test('wait refuses what it does not know', async () => {
  for (const options of [{ until: 'some' as 'all' }, { timeoutMs: -1 }, { timeoutMs: Number.NaN }])
    await assert.rejects(wait([], options), OptionError)
})

// ── both ──

test('what is waited for a thousand times keeps no trace of it once the wait is over', async () => {
  const control = new Counting()
  for (let round = 0; round < 1_000; round += 1) {
    const quick = future<number>()
    quick.resolve(1)
    await wait([control.future, quick.future], { until: 'first' })
    for await (const _ of asCompleted([control.future, quick.future])) break
  }
  assert.deepEqual([control.told, control.listeners], [2_000, 0])
})

/** Counts who listens. */
class Counting extends FutureControl<number> {
  told = 0
  listeners = 0

  override whenSettled(listener: () => void): () => void {
    this.told += 1
    this.listeners += 1
    const forget = super.whenSettled(listener)
    return () => {
      this.listeners -= 1
      forget()
    }
  }

  cancel(): void {}
}

test('past its time asCompleted throws, and gives what has settled before', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const [done, pending] = several(2) as [FutureControl<number>, FutureControl<number>]
    done.resolve(1)
    const loop = asCompleted(futuresOf([done, pending]), { timeoutMs: 500 })
    assert.equal((await loop.next()).value?.future, done.future)
    const late = loop.next().catch(error => error)
    await virtual.advance(500)
    const error = await late
    assert.equal(error.code, 'ATONCE_TIMEOUT')
    assert.match(error.message, /500 ms in all; 1 have not settled/)
    assert.equal(pending.future.state, 'queued')
    pending.resolve(2)
    assert.equal((await loop.next()).value?.future, pending.future)
    assert.equal(virtual.timers, 0)
  })
})

test('a signal ends both with its reason', async () => {
  const { future: pending } = future()
  const stop = new AbortController()
  const reason = new Error('enough')
  const waits = [
    wait([pending], { signal: stop.signal }),
    asCompleted([pending], { signal: stop.signal }).next(),
  ]
  stop.abort(reason)
  for (const one of waits) await assert.rejects(one, reason)
  await assert.rejects(wait([pending], { signal: stop.signal }), reason)
  await assert.rejects(asCompleted([pending], { signal: stop.signal }).next(), reason)
  assert.deepEqual(everyoneParked(), [])
})

test('what is no list of futures is refused by what it is', async () => {
  for (const futures of [5, undefined, [5], [{}], [Promise.resolve(1)]]) {
    assert.throws(() => asCompleted(futures as never), OptionError)
    await assert.rejects(wait(futures as never), OptionError)
  }
})
