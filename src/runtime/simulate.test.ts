/** Runs under a seeded schedule: every order comes up, and each can be had again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlockError, OptionError } from '../errors.ts'
import { everyoneParked, type Parked, park } from './park.ts'
import { runtime, withRuntime } from './runtime.ts'
import { simulate } from './simulate.ts'
import { VirtualRuntime } from './virtual.ts'

/** Three that wait, are all woken, and go on in some order. */
async function order(): Promise<string> {
  const went: string[] = []
  const parked = ['a', 'b', 'c'].map(name => {
    const one = park<void>(name, {})
    return { one, done: one.promise.then(() => went.push(name)) }
  })
  for (const { one } of parked) one.unpark()
  await Promise.all(parked.map(({ done }) => done))
  return went.join('')
}

async function orders(seeds: number, schedule: 'random' | 'fifo'): Promise<string[]> {
  const seen: string[] = []
  for (let seed = 0; seed < seeds; seed += 1) seen.push(await simulate(order, { seed, schedule }))
  return seen
}

test('every order of those that became ready comes up, the same one for the same seed', async () => {
  const seen = await orders(60, 'random')
  assert.deepEqual([...new Set(seen)].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  assert.deepEqual(await orders(60, 'random'), seen)
  assert.deepEqual(new Set(await orders(5, 'fifo')), new Set(['abc']))
})

test('starts, turns and timers of one time are choices too', async () => {
  for (const start of [
    (run: () => void) => runtime().soon(run),
    (run: () => void) => void runtime().setTimer(5, run),
    (run: () => void) => void runtime().yieldToLoop().then(run),
  ]) {
    const seen = new Set<string>()
    for (let seed = 0; seed < 30; seed += 1) {
      const body = () => {
        const went: string[] = []
        const all = park<void>('both', {})
        for (const name of ['a', 'b']) start(() => went.push(name) === 2 && all.unpark())
        return all.promise.then(() => went.join(''))
      }
      seen.add(await simulate(body, { seed }))
    }
    assert.deepEqual([...seen].sort(), ['ab', 'ba'])
  }
})

test('a value that was handed over arrives, though the wait is aborted before its turn comes', () =>
  simulate(
    async () => {
      const control = new AbortController()
      const receiver = park<string>('an item', {}, { signal: control.signal })
      assert.ok(receiver.unpark('item'))
      control.abort()
      assert.equal(await receiver.promise, 'item')
    },
    { runs: 20, seed: 1 },
  ))

test('the clock jumps to the next timer when nothing is ready, and no earlier', () =>
  simulate(
    async ({ now }) => {
      const went: [string, number][] = []
      const timer = park<void>('a timer', {})
      runtime().setTimer(1_000, () => timer.unpark())
      const turns = (async () => {
        for (let turn = 0; turn < 20; turn += 1) await runtime().yieldToLoop()
        went.push(['turns', now()])
      })()
      await timer.promise
      went.push(['timer', now()])
      await turns
      assert.deepEqual(went, [
        ['turns', 0],
        ['timer', 1_000],
      ])
    },
    { runs: 20, seed: 1 },
  ))

test('a failure says how to play the run again, and playing it again fails alike', async () => {
  const reports: string[] = []
  const report = (text: string) => reports.push(text)
  const body = async () => assert.notEqual(await order(), 'cba')
  await assert.rejects(simulate(body, { runs: 200, seed: 7, report }))
  const [, replay] = /replay: '(v1:random:[0-9a-z]+)'/.exec(reports[0] ?? '') ?? []
  assert.ok(replay !== undefined, reports[0])
  assert.match(
    reports[0] ?? '',
    new RegExp(`^Run \\d+ of 200 failed, with seed \\d+.*ATONCE_REPLAY=${replay}`),
  )
  await assert.rejects(simulate(body, { replay, report }))
  assert.equal(await simulate(order, { replay }), 'cba')
  process.env['ATONCE_REPLAY'] = replay
  try {
    assert.equal(await simulate(order, { runs: 50, seed: 1 }), 'cba')
  } finally {
    delete process.env['ATONCE_REPLAY']
  }
})

test('a body without a seed gets another one at each run, and the same in all that it draws', async () => {
  const seeds = new Set<number>()
  const draws = new Set<number>()
  for (let run = 0; run < 5; run += 1) {
    await simulate(({ seed, random }) => {
      seeds.add(seed)
      draws.add(random())
    })
  }
  assert.deepEqual([seeds.size, draws.size], [5, 5])
  assert.equal(
    await simulate(({ random }) => random(), { seed: 1 }),
    new VirtualRuntime({ seed: 1 }).random(),
  )
})

test('a deadlock is told with everyone who waits, and for what', async () => {
  const left: Parked<void>[] = []
  const error = await simulate(
    async () => {
      left.push(park<void>('the fork on the left', {}), park<void>('the fork on the right', {}))
      await left[0]?.promise
    },
    { seed: 1, report() {} },
  ).catch(why => why)
  assert.ok(error instanceof DeadlockError)
  assert.deepEqual(error.waits, [
    { who: 'main', reason: 'the fork on the left' },
    { who: 'main', reason: 'the fork on the right' },
  ])
  assert.match(error.message, /main waits for the fork on the right/)
  for (const one of left) one.unpark()
  await assert.rejects(
    simulate(() => new Promise(() => {}), { report() {} }),
    /Nobody waits for anything of atonce/,
  )
})

test('who waits in one simulation is not seen in another', async () => {
  const [one, two] = [new VirtualRuntime(), new VirtualRuntime()]
  const parked = await withRuntime(one, () => [park<void>('of one', {})] as const)
  assert.deepEqual([everyoneParked(one).length, everyoneParked(two).length], [1, 0])
  parked[0].unpark()
})

test('what a timer starts is part of the simulation', () =>
  simulate(async ({ now }) => {
    const done = park<number>('the second timer', {})
    runtime().setTimer(10, () => runtime().setTimer(5, () => done.unpark(now())))
    assert.equal(await done.promise, 15)
  }))

test('bad input is refused', async () => {
  for (const options of [
    { runs: 0 },
    { runs: 1.5 },
    { seed: 0.5 },
    { schedule: 'best' as never },
    { replay: 'v0:x' },
  ])
    await assert.rejects(
      simulate(() => {}, options),
      OptionError,
    )
})
