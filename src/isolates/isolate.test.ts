import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  AbortError,
  ClosedError,
  InvalidTaskError,
  OptionError,
  OutOfMemoryError,
  QueueFullError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
  WorkerExitedError,
  WorkerStartError,
} from '../errors.ts'
import { IsolateDiedError } from './errors.ts'
import * as tasks from './fixtures/tasks.ts'
import { type IsolateOptions, isolate } from './isolate.ts'

test('what a source declares, and what a module keeps, is there for the next call', async () => {
  await using own = isolate()
  assert.equal(await own.exec('let count = 40; const step = 2'), undefined)
  assert.equal(await own.exec('count += step'), 42)
  assert.equal(await own.exec('count'), 42)
  assert.deepEqual([await own.call(tasks.countCalls), await own.call(tasks.countCalls)], [1, 2])
  await own.call(tasks.setGlobal, 'found', { deep: [1n] })
  assert.deepEqual(await own.exec('found'), { deep: [1n] })
})

test('globals and modules are those of the isolate, and of no other', async () => {
  await using one = isolate()
  await using other = isolate()
  await one.exec('globalThis.secret = 1')
  assert.equal(await other.exec('typeof secret'), 'undefined')
  assert.equal('secret' in globalThis, false)
  assert.deepEqual(
    [await one.call(tasks.countCalls), await other.call(tasks.countCalls), tasks.countCalls()],
    [1, 1, 1],
  )
})

test('sources and calls run one after the other, in the order in which they were given', async () => {
  await using own = isolate()
  const calls = Array.from({ length: 40 }, (_, n) => own.call(tasks.slowly, n))
  const last = await Promise.all([...calls, own.exec('"after"')])
  assert.equal(last[40], 'after')
  assert.deepEqual(
    last[39],
    Array.from({ length: 40 }, (_, n) => n),
  )
})

test('a source may import, and a promise that it ends in is waited for', async () => {
  await using own = isolate()
  assert.equal(await own.exec(`(async () => (await import('node:path')).posix.join('a', 'b'))()`), 'a/b')
  await assert.rejects(own.exec('Promise.reject(new TypeError("no"))'), { name: 'TypeError', message: 'no' })
})

test('a function as the last value of a source is undefined; another thing that can’t cross is refused', async () => {
  await using own = isolate()
  assert.equal(await own.exec('globalThis.twice = n => 2 * n'), undefined)
  assert.equal(await own.exec('twice(21)'), 42)
  await assert.rejects(own.exec('({ twice })'), SerializationError)
  assert.equal(await own.exec('twice(1)'), 2)
})

test('errors come back whole, with the source and its line, and leave the isolate as it was', async () => {
  await using own = isolate({ name: 'lab' })
  await own.exec('let kept = 1')
  await assert.rejects(own.exec('let 1 = 2'), { name: 'SyntaxError' })
  await assert.rejects(own.exec('\nnull.x'), (error: Error) => {
    assert.match(String(error.stack), /lab, source 3:2/)
    return error instanceof TypeError
  })
  await assert.rejects(own.call(tasks.fail, 'far'), { name: 'RangeError', message: 'far' })
  assert.equal(await own.exec('kept'), 1)
  assert.equal(own.alive, true)
})

test('calls have progress, streams, nested calls and shared memory, as on an executor', async () => {
  await using own = isolate({ name: 'one' })
  const reporting = own.call(tasks.reportProgress)
  const told: unknown[] = []
  reporting.onProgress((done, total) => told.push([done, total]))
  await reporting
  assert.deepEqual(told, [[1, 2]])
  const streamed: number[] = []
  for await (const n of own.stream(tasks.upTo, 5)) streamed.push(n)
  assert.deepEqual(streamed, [0, 1, 2, 3, 4])
  assert.equal(await own.call(tasks.sumTo, 10), 55)
  assert.equal(await own.call(tasks.whereItRuns), 'one')
  const memory = new SharedArrayBuffer(4)
  await own.call(tasks.fillShared, memory)
  assert.equal(new Int32Array(memory)[0], 7)
})

test('a call that leaves when it is cancelled leaves the isolate as it was', async () => {
  await using own = isolate()
  await own.exec('let kept = 1')
  const spinning = own.call(tasks.spinUntilCancelled)
  const behind = own.call(tasks.add, 1, 2)
  await until(() => spinning.state === 'running')
  spinning.cancel()
  await assert.rejects(spinning, AbortError)
  assert.equal(await behind, 3)
  await assert.rejects(own.with({ timeoutMs: 20 }).call(tasks.untilAborted), TimeoutError)
  assert.equal(await own.exec('kept'), 1)
})

test('a call that was cancelled before it began never runs', async () => {
  await using own = isolate()
  const first = own.call(tasks.spinUntilCancelled)
  const second = own.call(tasks.countCalls)
  second.cancel()
  await assert.rejects(second, AbortError)
  first.cancel()
  await assert.rejects(first, AbortError)
  assert.equal(await own.call(tasks.countCalls), 1)
})

test('a call that does not leave takes the isolate along: it is not replaced, and later calls say so', async () => {
  await using own = isolate({ name: 'stuck', graceMs: 50 })
  await own.exec('let kept = 1')
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const spinning = own.call(tasks.spin, begun)
  const behind = own.call(tasks.add, 1, 2)
  await until(() => begun[0] === 1)
  spinning.cancel()
  await assert.rejects(spinning, AbortError)
  await assert.rejects(behind, (error: IsolateDiedError) => {
    assert.ok(error instanceof IsolateDiedError)
    assert.match(error.message, /stuck has died.*within graceMs.*isolate\(\)/s)
    assert.ok(error.cause instanceof WorkerCrashedError)
    return error.code === 'ATONCE_ISOLATE_DIED' && error.isolate === 'stuck'
  })
  await assert.rejects(own.exec('kept'), IsolateDiedError)
  assert.equal(own.alive, false)
})

test('an isolate that exits, or fills its heap, fails the call that did it with the reason', async () => {
  await using exiting = isolate()
  const behind = [1, 2, 3].map(n => exiting.call(tasks.echo, n))
  await Promise.all(behind)
  const exit = exiting.call(tasks.exit, 3)
  const after = exiting.call(tasks.echo, 4)
  await assert.rejects(exit, WorkerExitedError)
  await assert.rejects(after, (error: IsolateDiedError) => error.cause instanceof WorkerExitedError)

  await using small = isolate({ resourceLimits: { maxOldGenerationSizeMb: 32 } })
  await assert.rejects(small.call(tasks.fillHeap), (error: OutOfMemoryError) => {
    assert.ok(error instanceof OutOfMemoryError)
    return error.limitMb === 32
  })
  await assert.rejects(small.exec('1'), IsolateDiedError)
})

test('an isolate that dies while it has nothing to do says so, and refuses what comes', async () => {
  await using own = isolate({ name: 'idle one' })
  const warned = once(process, 'warning')
  await own.exec('setImmediate(() => process.exit(1)), undefined')
  const [warning] = (await warned) as [Error]
  assert.match(warning.message, /idle one died while it had nothing to do/)
  await assert.rejects(own.exec('1'), IsolateDiedError)
})

test('one that can’t start refuses all its calls with the reason', async () => {
  await using own = isolate({ initialize: tasks.failToStart })
  const calls = await Promise.allSettled([own.exec('1'), own.call(tasks.add, 1, 2)])
  for (const call of calls) {
    assert.ok(call.status === 'rejected' && call.reason instanceof IsolateDiedError)
    assert.ok(call.reason.cause instanceof WorkerStartError)
  }
})

test('initialize runs before the first call, and teardown before the end', async () => {
  const memory = new SharedArrayBuffer(4)
  const own = isolate({
    initialize: [tasks.setGlobal, 'found', 1],
    teardown: [tasks.fillShared, memory],
  })
  assert.equal(await own.exec('found'), 1)
  await own.close()
  assert.equal(new Int32Array(memory)[0], 7)
})

test('close lets what was accepted end, and refuses what comes', async () => {
  const own = isolate()
  const calls = [own.exec('1'), own.call(tasks.add, 1, 1), own.exec('3')]
  const closed = own.close()
  await assert.rejects(own.exec('4'), ClosedError)
  assert.deepEqual(await Promise.all(calls), [1, 2, 3])
  await closed
  assert.equal(own.alive, false)
  await own.close()
})

test('close without a grace ends what runs, whatever it does', async () => {
  const own = isolate()
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const spinning = own.call(tasks.spin, begun)
  const waiting = own.call(tasks.add, 1, 1)
  await until(() => begun[0] === 1)
  const refused = Promise.all([assert.rejects(spinning, ClosedError), assert.rejects(waiting, ClosedError)])
  await own.close({ graceMs: 0 })
  await refused
})

test('one that is closed before it has started ends all the same', async () => {
  await isolate().close()
})

test('a dead isolate can be closed', async () => {
  const own = isolate()
  await assert.rejects(own.call(tasks.exit, 0), WorkerExitedError)
  await own.close()
})

test('more calls than queueLimit are refused', async () => {
  await using own = isolate({ queueLimit: 1 })
  const held = own.call(tasks.spinUntilCancelled)
  await until(() => held.state === 'running')
  const waiting = own.call(tasks.spinUntilCancelled)
  const refused = own.call(tasks.echo, 1)
  await assert.rejects(refused, QueueFullError)
  held.cancel()
  waiting.cancel()
  await Promise.allSettled([held, waiting])
})

test('wrong options, sources and tasks are refused at the call', async () => {
  assert.throws(() => isolate({ workers: 2 } as IsolateOptions), OptionError)
  assert.throws(() => isolate({ resourceLimits: { maxOldGenerationSizeMb: 1 } }), OptionError)
  await using own = isolate()
  assert.throws(() => own.exec(42 as never), {
    name: 'OptionError',
    message: /text of a script.*call\(task/s,
  })
  assert.throws(() => Reflect.apply(own.call, undefined, [() => 1]), InvalidTaskError)
  await assert.rejects(
    own.call(tasks.echo, () => 1),
    SerializationError,
  )
  assert.equal(await own.call(tasks.echo, 'still there'), 'still there')
})

test('an isolate that rests does not keep the program alive', { timeout: 30_000 }, () => {
  const program = `import { isolate } from ${JSON.stringify(new URL('../isolates.ts', import.meta.url).href)}
    const own = isolate()
    await own.exec('setInterval(() => {}, 1000), undefined')
    console.log('end')`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.deepEqual([stdout, status], ['end\n', 0])
})

async function until(isTrue: () => boolean): Promise<void> {
  for (let looks = 0; !isTrue(); looks += 1)
    await new Promise<void>(resolve => (looks < 20 ? setImmediate(resolve) : setTimeout(resolve, 2)))
}
