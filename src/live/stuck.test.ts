/** Who waits while nothing could wake them is told, and nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { park } from '../runtime/park.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { liveTree } from './register.ts'
import { type StuckWatch, warnAtEnd, watchIdle } from './stuck.ts'
import type { LiveTree } from './tree.ts'

const busy = (): LiveTree => ({
  ...liveTree(),
  executors: [
    {
      kind: 'executor',
      name: 'mill',
      state: 'open',
      waitsFor: [],
      inside: [{ kind: 'worker', name: 'thread 1', state: 'busy', waitsFor: [], inside: [] }],
    },
  ],
})

test('waits that nobody touches for five seconds are told once, and again only after something has moved', () =>
  watched({}, async ({ virtual, told }) => {
    const first = park<void>('the bell', {})
    await virtual.advance(9_000)
    assert.equal(told.length, 0)
    await virtual.advance(1_000)
    assert.equal(
      told[0],
      `atonce (pid ${process.pid}): For 5 s nothing has happened, no timer is set, and these wait:\n  main: waits for the bell\n`,
    )
    await virtual.advance(60_000)
    assert.equal(told.length, 1)
    const second = park<void>('a knock', {})
    await virtual.advance(10_000)
    assert.equal(told.length, 2)
    assert.match(told[1] ?? '', /the bell .* and a knock/)
    first.unpark()
    second.unpark()
    await virtual.advance(60_000)
    assert.equal(told.length, 2)
  }))

const lent = (): LiveTree => ({
  ...liveTree(),
  calls: [{ kind: 'call', name: 'read', state: 'running', wokenFromOutside: true, waitsFor: [], inside: [] }],
})

for (const [what, changed] of [
  ['a timer that is set', { handles: () => ['TCPServerWrap', 'Timeout'] }],
  ['a worker that is at a call', { liveTree: busy }],
  ['another thread, in a worker whose call has an end of a channel,', { liveTree: lent }],
] as const) {
  test(`${what} may still wake those who wait: nothing is told`, () =>
    watched(changed, async ({ virtual, told }) => {
      const wait = park<void>('the bell', {})
      await virtual.advance(60_000)
      assert.deepEqual(told, [])
      wait.unpark()
    }))
}

test('at the end of the program those who wait are told, and without any nothing is', () =>
  watched({}, async ({ watch, told }) => {
    warnAtEnd(watch)
    assert.deepEqual(told, [])
    const wait = park<void>('the bell', {})
    warnAtEnd(watch)
    assert.match(
      told[0] ?? '',
      /The program ends, but these wait, and nothing can wake them:\n {2}main: waits for the bell\n/,
    )
    wait.unpark()
  }))

interface Watched {
  readonly virtual: VirtualRuntime
  readonly watch: StuckWatch
  readonly told: string[]
}

/**
 * Under a clock that the test moves; a server keeps the program alive, unless `changed` says
 * otherwise.
 */
async function watched(
  changed: Partial<StuckWatch>,
  body: (watched: Watched) => Promise<void>,
): Promise<void> {
  const virtual = new VirtualRuntime({ seed: 1, schedule: 'fifo' })
  const told: string[] = []
  await withRuntime(virtual, async () => {
    const watch: StuckWatch = {
      runtime: virtual,
      liveTree,
      handles: () => ['TCPServerWrap'],
      write: text => told.push(text),
      ...changed,
    }
    watchIdle(watch)
    await body({ virtual, watch, told })
  })
}
