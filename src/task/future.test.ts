/** Futures: their states, cancelling, and waiting for many. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { AbortError, OptionError } from '../errors.ts'
import { everyoneParked } from '../runtime/park.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { abortError, asCompleted, type Completed, type Future, FutureControl, wait } from './future.ts'

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

test('a future goes from queued to running to done, and stays there', async () => {
  const control = future<number>()
  const states = [control.future.state]
  control.started()
  states.push(control.future.state)
  control.resolve(5)
  states.push(control.future.state)
  control.started()
  control.reject(new Error('too late'))
  control.resolve(6)
  states.push(control.future.state)
  assert.deepEqual(states, ['queued', 'running', 'done', 'done'])
  assert.equal(await control.future, 5)
  assert.ok(control.future.settled)
})

test('a failed future rejects with its error, as it is', async () => {
  const control = future()
  const error = new TypeError('own')
  fail(control, error)
  assert.equal(control.future.state, 'failed')
  await assert.rejects(control.future, thrown => thrown === error)
})

test('cancel rejects at once, tells the executor once, and passes the reason on as the cause', async () => {
  const control = future()
  control.started()
  assert.equal(control.future.cancel('enough'), true)
  assert.equal(control.future.cancel('again'), false)
  assert.deepEqual([control.future.state, control.reasons], ['cancelled', ['enough']])
  control.resolve('too late')
  await assert.rejects(
    control.future,
    (error: unknown) =>
      error instanceof AbortError && error.cause === 'enough' && error.message === 'work was cancelled.',
  )
})

test('cancel without a reason gives an error without a cause', async () => {
  const control = future()
  control.future.cancel()
  await assert.rejects(control.future, (error: unknown) => !Object.hasOwn(error as object, 'cause'))
})

test('a settled future can’t be cancelled (test_future.test_cancel)', async () => {
  for (const settle of [(control: FutureControl<unknown>) => control.resolve(1), fail]) {
    const control = future()
    settle(control)
    const { state } = control.future
    assert.equal(control.future.cancel(), false)
    assert.deepEqual([control.future.state, control.reasons], [state, []])
  }
})

test('a future behaves as the promise that it is', async () => {
  const done = future<number>()
  done.resolve(1)
  assert.equal(Object.prototype.toString.call(done.future), '[object Future]')
  assert.deepEqual(await Promise.all([done.future, done.future.then(n => n + 1)]), [1, 2])
  let ended = 0
  assert.equal(
    await done.future.finally(() => {
      ended += 1
    }),
    1,
  )
  const failed = future<number>()
  fail(failed, new Error('x'))
  assert.equal(await failed.future.catch((error: unknown) => (error as Error).message), 'x')
  await assert.rejects(
    failed.future.finally(() => {
      ended += 1
    }),
    /x/,
  )
  assert.equal(ended, 2)
})

test('progress reaches every listener until the future has settled', () => {
  const control = future()
  const told: unknown[] = []
  const made = control.future.onProgress((done, total) => told.push(['a', done, total]))
  assert.equal(made, control.future)
  control.progressed(1, 2)
  control.future.onProgress(done => told.push(['b', done]))
  control.progressed(2, undefined)
  control.resolve(0)
  control.progressed(3, 3)
  assert.deepEqual(told, [
    ['a', 1, 2],
    ['a', 2, undefined],
    ['b', 2],
  ])
})

/** How a program of its own ends that runs `body` with `Future` at hand. */
function endOf(body: string): Promise<{ code: number; stderr: string }> {
  const program = `import { FutureControl } from ${JSON.stringify(new URL('./future.ts', import.meta.url).href)}
    class Work extends FutureControl {
      constructor(cancel) { super(); this.cancel = () => cancel(this) }
    }
    ${body}`
  return new Promise(resolve =>
    execFile(process.execPath, ['--input-type=module', '--eval', program], (error, _stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    ),
  )
}

test('a failed future that nobody awaits is reported by Node; one that its own cancel() ended is not', async () => {
  const [failed, cancelled] = await Promise.all([
    endOf(`new Work().reject(new Error('nobody looked'))`),
    endOf(`new Work(control => control.reject(new Error('nobody looked'), 'cancelled')).future.cancel()`),
  ])
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /nobody looked/)
  assert.deepEqual(cancelled, { code: 0, stderr: '' })
})

test('a listener that throws is an uncaught exception, after the other listeners were told (test_future.test_done_callback_raises)', async () => {
  const { code, stderr } = await endOf(`
    const control = new Work()
    control.future.onProgress(() => { throw new Error('a listener’s own') })
    control.future.onProgress(done => console.error('told', done))
    control.progressed(1, 2)
    console.error('went on')`)
  assert.equal(code, 1)
  assert.match(stderr, /^told 1\nwent on\n/)
  assert.match(stderr, /a listener’s own/)
})

// ── as they are completed ──

async function collect<T>(iterator: AsyncIterable<Completed<T>>): Promise<Future<T>[]> {
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
  const found = (await Promise.all(pulls)).map(({ value }) => (value as Completed<number>).future)
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
    let found: Awaited<ReturnType<typeof wait<number>>> | undefined
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
