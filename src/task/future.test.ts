/** Futures: their states, cancelling, and waiting for many. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { AbortError } from '../errors.ts'
import { abortError, FutureControl } from './future.ts'

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

test('a listener that throws is a warning, and ends neither the program nor what the others are told (test_future.test_done_callback_raises)', async () => {
  const { code, stderr } = await endOf(`
    const control = new Work()
    control.future.onProgress(() => { throw new Error('a listener’s own') })
    control.future.onProgress(done => console.error('told', done))
    control.progressed(1, 2)
    console.error('went on')`)
  assert.equal(code, 0)
  assert.match(stderr, /^told 1\nwent on\n/)
  assert.match(stderr, /\[ATONCE_ON_PROGRESS\] AtonceWarning: onProgress threw: a listener’s own/)
})
