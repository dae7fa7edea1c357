import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutines } from '../coroutines/coroutines.ts'
import { OptionError, SerializationError } from '../errors.ts'
import { isolate } from '../isolates/isolate.ts'
import { processes } from '../processes/processes.ts'
import { threads } from '../threads/threads.ts'
import { KernelError, KernelMemoryError } from './errors.ts'
import { moduleOf } from './fixtures/module.ts'
import * as tasks from './fixtures/tasks.ts'
import { type KernelOptions, kernel } from './kernel.ts'

const limit = { timeout: 60_000 }

test('each thread has an instance of its own, and all see one memory', limit, async () => {
  await using pool = threads({ workers: 2 })
  const own = await kernel(moduleOf())
  const numbers = own.allocate('i32', 4)
  await own.call(pool, 'put', numbers, 1)
  await own.call(pool, 'put', numbers.byteOffset + 4, 2)
  await pool.run(tasks.fillFrom, own, numbers.byteOffset + 8, 3)
  own.exports['put']?.(numbers.byteOffset + 12, 4)
  assert.deepEqual([...numbers], [1, 2, 3, 4])
})

test(
  'each part of a range is given to one worker, whatever the schedule and the executor',
  limit,
  async () => {
    await using pool = threads({ workers: 3 })
    await using here = coroutines({ concurrency: 3 })
    const own = await kernel(moduleOf())
    for (const on of [pool, here])
      for (const schedule of ['static', 'dynamic', 'guided'] as const) {
        const sum = own.allocate('i32', 1)
        await own.forRange(on, { from: -5, to: 9_995, schedule }, 'count', sum)
        assert.equal(sum[0], 10_000)
      }
    await own.forRange(pool, { to: 0 }, 'trap')
  },
)

test(
  'a kernel may be an argument of an isolate, and memory may be taken from any thread',
  limit,
  async () => {
    await using alone = isolate()
    const own = await kernel(moduleOf())
    const before = own.allocate('i32', 1)
    const address = await alone.call(tasks.allocateThere, own)
    const after = own.allocate('i32', 1)
    assert.ok(before.byteOffset < address && address + 16 <= after.byteOffset)
    assert.deepEqual([...new Int32Array(own.memory.buffer, address, 4)], [9, 9, 9, 9])
  },
)

test('the memory grows as it is taken, up to its limit; more is refused, and nothing is lost', async () => {
  const own = await kernel(moduleOf(), { name: 'small', memory: { maxMiB: 1 } })
  const kept = own.allocate('u8', 500_000).fill(7)
  assert.throws(
    () => own.allocate('f64', 100_000),
    (error: KernelMemoryError) => {
      assert.match(error.message, /small has no room for 800000 bytes.*1\.0 MiB.*maxMiB/s)
      return error instanceof KernelMemoryError && error.code === 'ATONCE_KERNEL_MEMORY'
    },
  )
  assert.throws(() => own.allocate('f64', 2 ** 52), KernelMemoryError)
  for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => own.allocate('f64', length), OptionError)
  assert.throws(() => own.allocate('f16' as never, 1), OptionError)
  assert.equal(own.allocate('f64', 50_000).byteOffset % 16, 0)
  assert.ok(kept.every(byte => byte === 7))
})

test(
  'an instance on another thread has a stack of its own, if the module says where its stack is',
  limit,
  async () => {
    await using pool = threads({ workers: 1 })
    const own = await kernel(moduleOf({ stack: true, heapBase: 2_048 }), { memory: { stackKiB: 4 } })
    assert.equal(own.allocate('i32', 1).byteOffset, 2_048)
    assert.equal(own.exports['stack']?.(), 1_024)
    const there = await own.call(pool, 'stack')
    assert.equal(there, 2_048 + 16 + 4_096)
    assert.equal(await own.call(pool, 'stack'), there)
  },
)

test('what is not a kernel is refused, with the reason and what to do', async () => {
  const refused = async (source: Parameters<typeof kernel>[0], message: RegExp) =>
    assert.rejects(kernel(source), (error: KernelError) => {
      assert.ok(error instanceof KernelError && error.code === 'ATONCE_KERNEL')
      assert.match(error.message, message)
      return true
    })
  await refused(new URL(import.meta.url), /is not WebAssembly.*this with 69 6d 70 6f.*npx asc/s)
  await refused(new Uint8Array(0), /this with none/)
  await refused(new URL('./absent.wasm', import.meta.url), /absent can't be read: ENOENT/)
  await refused(new URL('./absent.wasm', import.meta.url).href, /absent can't be read: ENOENT.*open '\//)
  await refused('https://example.org/far.wasm', /far can't be read: .*file/)
  await refused(moduleOf().slice(0, 30), /can't be compiled/)
  await refused(
    moduleOf({ memory: [1, 1, 4] }),
    /a memory that is not shared.*--sharedMemory.*--shared-memory/s,
  )
  await refused(moduleOf({ importsLog: true }), /imports env\.log \(function\).*nothing else/s)
})

test('a module with a memory of its own is refused', async () => {
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const own = Uint8Array.from([...header, 5, 3, 1, 0, 1])
  await assert.rejects(kernel(own), { name: 'KernelError', message: /imports no memory/ })
})

test('a function that is not there is named, with the one that was meant', limit, async () => {
  await using pool = threads({ workers: 1 })
  const own = await kernel(moduleOf(), { name: 'three' })
  assert.throws(() => own.call(pool, 'cuont'), {
    name: 'KernelError',
    message: /three exports no function.*cuont.*put, count, trap.*Did you mean count\?/s,
  })
  await assert.rejects(own.forRange(pool, { to: 1 }, 'sum'), KernelError)
})

test('a trap is the error of the call, and the kernel works on', limit, async () => {
  await using pool = threads({ workers: 1 })
  const own = await kernel(moduleOf())
  await assert.rejects(own.call(pool, 'trap'), /unreachable/)
  await assert.rejects(own.forRange(pool, { to: 10 }, 'trap'), /unreachable/)
  const numbers = own.allocate('i32', 1)
  await own.call(pool, 'put', numbers, 5)
  assert.equal(numbers[0], 5)
})

test('arguments that are neither numbers nor on the kernel’s memory are refused', limit, async () => {
  await using pool = threads({ workers: 1 })
  const own = await kernel(moduleOf())
  for (const wrong of [new Int32Array(4), new Int32Array(new SharedArrayBuffer(4)), 'text', undefined])
    assert.throws(() => own.call(pool, 'put', wrong as never, 1), {
      name: 'OptionError',
      message: /its own memory; argument 0 is.*allocate/s,
    })
})

test('errors name the function of the kernel, and who takes the range', async () => {
  const pool = coroutines()
  const own = await kernel(moduleOf())
  await assert.rejects(own.forRange(pool, { to: 1.5 }, 'count', 0), { message: /^forRange\(…, \{ to \}\)/ })
  await pool.close()
  await assert.rejects(own.call(pool, 'put', 0, 1), { name: 'ClosedError', message: / put was not run/ })
  await assert.rejects(own.forRange(pool, { to: 1 }, 'count', 0), { message: / count was not run/ })
})

test('what is not an executor is refused, and a missing argument, which would be 0', async () => {
  await using pool = coroutines()
  const own = await kernel(moduleOf(), { name: 'own' })
  const wrong = 5 as never
  assert.throws(() => own.call(wrong, 'put', 0, 1), {
    name: 'OptionError',
    message: 'call(on, name, …) takes an executor first, as threads(); it got 5.',
  })
  await assert.rejects(own.forRange(wrong, { to: 1 }, 'count', 0), { name: 'OptionError' })
  assert.throws(() => own.call(pool, 'put', 0), {
    name: 'OptionError',
    message: 'put of own takes 2 arguments; it got 1. Pass them all.',
  })
  await assert.rejects(own.forRange(pool, { to: 1 }, 'count'), {
    name: 'OptionError',
    message: 'count of own takes 3 arguments, from and to among them; it got 2. Pass them all.',
  })
})

test('processes are refused, also as an argument: they share no memory', limit, async () => {
  await using pool = processes({ workers: 1 })
  const own = await kernel(moduleOf())
  assert.throws(() => own.call(pool, 'put', 0, 1), { name: 'OptionError', message: /processes share none/ })
  await assert.rejects(own.forRange(pool, { to: 1 }, 'count', 0), OptionError)
  await assert.rejects(pool.run(tasks.fillFrom, own, 0, 1), SerializationError)
})

test('wrong options are refused at the call', async () => {
  const wrong: unknown[] = [
    { memory: { maxMiB: 0 } },
    { memory: { maxMiB: 4_097 } },
    { memory: { maxMiB: 1.5 } },
    { memory: { stackKiB: -1 } },
    { memory: { pages: 1 } },
    { url: 'x' },
  ]
  for (const options of wrong) assert.throws(() => kernel(moduleOf(), options as KernelOptions), OptionError)
  assert.throws(() => kernel(5 as never), OptionError)
  await assert.rejects(kernel(moduleOf({ memory: [3, 32, 64] }), { memory: { maxMiB: 1 } }), OptionError)
  await using pool = coroutines()
  const own = await kernel(moduleOf())
  await assert.rejects(own.forRange(pool, { to: 4, step: 2 } as never, 'count', 0), OptionError)
  await assert.rejects(own.forRange(pool, { to: 2 ** 40 }, 'count', 0), OptionError)
})
