import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OptionError } from '../errors.ts'
import type { ChoiceEvent } from '../trace.ts'
import { auto } from './auto.ts'
import { callLater, crowdHere, isPrime, resultOnceEach, whereNested, whereRan } from './fixtures/tasks.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const isThread = (worker: string) => worker.startsWith('thread')

test('a map of tiny calls gives the results of a loop, and begins on this thread', async () => {
  await using pool = auto({ workers: 4 })
  const inputs = upTo(5_000).map(n => 100_003 + 2 * n)
  assert.deepEqual(
    await pool.map(isPrime, inputs),
    inputs.map(n => isPrime(n)),
  )
  // How it goes on depends on how busy the machine is; that tiny calls stay is shown on fixed
  // figures (decide.test.ts).
  const { done, choices = [] } = pool.stats()
  assert.ok(done > 0)
  assert.equal(choices[0]?.task, 'isPrime')
})

test('a map of calls that compute begins here and goes on on threads, in order', async () => {
  await using pool = auto({ workers: 4 })
  const ran = await pool.map(whereRan, new Array<number>(400).fill(4))
  assert.equal(ran.length, 400)
  assert.equal(ran[0], 'main')
  assert.ok(isThread(ran.at(-1) ?? ''), ran.at(-1))
  assert.equal(ran.lastIndexOf('main') < 200, true)
  const [choice] = pool.stats().choices ?? []
  assert.match(choice?.way ?? '', /^threads × 4/)
  assert.ok((choice?.reasons.length ?? 0) > 0)
})

test('a map of calls that have not waited yet is not cut into more jobs than threads could take', async () => {
  let [read, readAtFirst] = [0, 0]
  function* inputs(): Generator<number, void, void> {
    for (; read < 300; read += 1) yield read
  }
  await using pool = auto({ workers: 2, concurrency: 64 })
  const onProgress = (done: number) => {
    if (done === 1) readAtFirst = read
  }
  await pool.map(isPrime, inputs(), { onProgress })
  assert.ok(readAtFirst >= 1 && readAtFirst <= 8, `${readAtFirst}`)
})

test('calls that wait run side by side here', async () => {
  await using pool = auto()
  const crowds = await pool.map(crowdHere, new Array<number>(300).fill(20))
  assert.ok(Math.max(...crowds) > 8, `${Math.max(...crowds)}`)
  assert.deepEqual(pool.stats().workers, { starting: 0, idle: 0, busy: 0 })
})

test('when the items grow, the rest of the map goes to threads, and is told on a channel', async () => {
  const events: ChoiceEvent[] = []
  const note = (event: unknown) => void events.push(event as ChoiceEvent)
  subscribe('atonce.auto.choice', note)
  try {
    await using pool = auto({ workers: 4 })
    const inputs = [...new Array<number>(600).fill(0.02), ...new Array<number>(300).fill(6)]
    const ran = await pool.map(whereRan, inputs, { ahead: 32 })
    assert.equal(ran[0], 'main')
    assert.ok(isThread(ran.at(-1) ?? ''))
    assert.ok(events.some(({ way }) => way.startsWith('threads')))
    assert.ok(events.every(({ executor, task }) => executor === 'auto' && task === 'whereRan'))
  } finally {
    unsubscribe('atonce.auto.choice', note)
  }
})

test('single calls that compute for long leave this thread', async () => {
  await using pool = auto({ workers: 2 })
  const ran: string[] = []
  // How many it takes depends on how busy the machine is while it looks at the first of them.
  while (ran.length < 100 && !isThread(ran.at(-1) ?? '')) ran.push(await pool.run(whereRan, 25))
  assert.equal(ran[0], 'main')
  assert.ok(isThread(ran.at(-1) ?? ''), ran.join())
})

test('a burst of calls goes to threads once the first have shown what they cost', async () => {
  await using pool = auto({ workers: 4 })
  const ran = await Promise.all(upTo(200).map(() => pool.run(whereRan, 6)))
  assert.ok(ran.filter(isThread).length > 100, `${ran.filter(isThread).length}`)
})

test('what can’t be sent away stays here, however long it takes', async () => {
  await using pool = auto({ workers: 2 })
  const inputs = upTo(40).map(at => ({ fn: () => at, cpuMs: 4 }))
  assert.deepEqual(await pool.map(callLater, inputs), upTo(40))
  assert.deepEqual(pool.stats().workers, { starting: 0, idle: 0, busy: 0 })
})

test('a single call whose values turn out not to cross is made here, once', async () => {
  await using pool = auto({ workers: 2 })
  for (let at = 0; at < 14; at += 1) await pool.run(callLater, { cpuMs: 25 })
  assert.equal(await pool.run(callLater, { fn: () => 42, cpuMs: 0 }), 42)
})

test('a long stretch of calls here lets timers pass', async () => {
  await using pool = auto({ workers: 1 })
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  await pool.map(
    callLater,
    upTo(60).map(at => ({ fn: () => at, cpuMs: 3 })),
  )
  clearInterval(timer)
  assert.ok(turns >= 3, `${turns}`)
})

test('runOnEach runs here, once, where calls of its task have gone to threads, too', async () => {
  await using pool = auto({ workers: 2 })
  let ran = await pool.run(whereRan, 25)
  for (let call = 0; call < 100 && !isThread(ran); call += 1) ran = await pool.run(whereRan, 25)
  // On a machine that is very busy they may have stayed; it is to run here in either case.
  assert.deepEqual(await pool.runOnEach(whereRan, 0), ['main'])
})

test('calls that tasks make end wherever the tasks run, on one thread too', async () => {
  await using pool = auto({ workers: 1 })
  assert.equal((await pool.run(whereNested, 0))[0], 'main')
  // Calls of a key go to threads, whatever they cost.
  const away = await Promise.all(upTo(8).map(() => pool.with({ key: 'one' }).run(whereNested, 1)))
  assert.ok(away.every(([maker, nested]) => isThread(maker) && isThread(nested)))
  await Promise.all(upTo(20).map(() => pool.run(whereNested, 1)))
  assert.equal(pool.stats().queued + pool.stats().running, 0)
})

test('items that grow a hundredfold, shrink and grow again each run once, and come back in order', async () => {
  await using pool = auto({ workers: 2 })
  const lengths = [...new Array(300).fill(0.03), ...new Array(60).fill(3), ...new Array(300).fill(0.03)]
  const inputs = [...lengths, ...new Array(60).fill(3)].map((cpuMs, at) => [at, cpuMs] as const)
  const results: (readonly [number, number])[] = []
  for await (const result of pool.map(resultOnceEach, inputs, { ahead: 32 })) results.push(result)
  assert.deepEqual(
    results.map(([at]) => at),
    inputs.map(([at]) => at),
  )
  // Each place counts how often it has run an input.
  assert.ok(results.every(([, times]) => times === 1))
  const { done, failed } = pool.stats()
  assert.deepEqual([done > 0, failed], [true, 0])
})

test('an option that does not exist is refused, with the one that was meant', () => {
  assert.throws(() => auto({ worker: 2 } as never), /workers/)
  assert.throws(() => auto({ concurrency: 0 }), OptionError)
  assert.throws(() => auto({ queueLimit: -1 }), OptionError)
})

test('a calibration that can’t be used is told once, as a warning, and auto() goes on without it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-auto-'))
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  const before = process.env['ATONCE_CALIBRATION']
  try {
    process.env['ATONCE_CALIBRATION'] = join(folder, 'calibration.json')
    writeFileSync(process.env['ATONCE_CALIBRATION'], '[]')
    for (let time = 0; time < 2; time += 1) {
      await using pool = auto()
      assert.deepEqual(await pool.map(isPrime, [7, 9]), [true, false])
    }
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(
      warnings.filter(({ message }) => message.includes('calibration.json')).map(({ name }) => name),
      ['AtonceWarning'],
    )
  } finally {
    process.off('warning', note)
    if (before === undefined) delete process.env['ATONCE_CALIBRATION']
    else process.env['ATONCE_CALIBRATION'] = before
    rmSync(folder, { recursive: true })
  }
})
