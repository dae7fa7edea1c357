/**
 * The explorer's atomics mean what ECMAScript says, and it finds what it is there to find. The
 * behaviours are those that test262 asks of `Atomics` (test/built-ins/Atomics), in own words.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  add,
  and,
  compareExchange,
  exchange,
  load,
  notify,
  or,
  store,
  waitOn,
} from '../../runtime/atomics.ts'
import { type Body, type End, explore } from './explore.ts'

const fresh = (count = 2) => new Int32Array(new SharedArrayBuffer(4 * count))

/** What the threads return, in each end that there is. */
function endsOf(threads: (words: Int32Array) => readonly (Body | readonly Body[])[]): string[] {
  const seen = new Set<string>()
  const words = fresh()
  const { failure, complete } = explore({
    threads: () => threads(words),
    check: (ends: readonly End[]) => void seen.add(ends.map(({ value }) => String(value)).join(' ')),
  })
  assert.equal(failure, undefined, failure?.trace)
  assert.equal(complete, true)
  return [...seen].sort()
}

/** What one thread alone returns, in the simulation and on the platform. */
function sameAsPlatform(body: (words: Int32Array) => unknown): unknown {
  const simulated = endsOf(words => [() => JSON.stringify(body(words))])
  assert.deepEqual(simulated, [JSON.stringify(body(fresh()))])
  return JSON.parse(simulated[0] as string)
}

test('each operation returns what was there and leaves what it says, as on the platform', () => {
  sameAsPlatform(words => [
    add(words, 0, 5),
    add(words, 0, -7),
    or(words, 0, 0x70),
    and(words, 0, 0x3f),
    exchange(words, 0, 9),
    compareExchange(words, 0, 8, 1),
    compareExchange(words, 0, 9, 2 ** 31),
    load(words, 0),
    store(words, 1, -1) ?? 'nothing',
    load(words, 1),
    add(words, 0, -1),
    load(words, 0),
  ])
})

test('a wait for another value does not wait, and notifying nobody wakes nobody', () => {
  const said = sameAsPlatform(words => [
    waitOn(words, 0, 42, 1_000),
    notify(words, 0, 5),
    waitOn(words, 0, 0, 0),
  ])
  assert.deepEqual(said, ['not-equal', 0, 'timed-out'])
})

test('a wait on one word is not woken by a notification of another', () => {
  const { failure } = explore({
    threads() {
      const words = fresh()
      return [() => waitOn(words, 0, 0, Number.POSITIVE_INFINITY), () => notify(words, 1, 1)]
    },
  })
  assert.equal(failure?.kind, 'stuck')
})

test('notify wakes as many as it says, those first who began to wait first, and returns how many', () => {
  const ends = endsOf(words => {
    const waits = (mine: number) => () => {
      if (load(words, 1) !== mine) return 'not its turn'
      store(words, 1, mine + 1)
      return waitOn(words, 0, 0, 5)
    }
    const wakes = () => (load(words, 1) === 2 ? `woke ${notify(words, 0, 1)}` : 'too early')
    return [waits(0), waits(1), wakes]
  })
  assert.ok(ends.includes('ok timed-out woke 1'))
  assert.ok(ends.some(end => end.endsWith('woke 0')))
  // The second may be woken only if the first was not waiting: it had not begun to, or its time was
  // over.
  assert.ok(ends.filter(end => end.startsWith('ok ok')).length === 0)
})

test('a notification of none wakes none; one of all wakes all', () => {
  assert.deepEqual(
    endsOf(words => [() => waitOn(words, 0, 0, 5), () => notify(words, 0, 0)]),
    ['timed-out 0'],
  )
  assert.deepEqual(
    endsOf(words => [
      () => waitOn(words, 0, 0, 5),
      () => waitOn(words, 0, 0, 5),
      () => notify(words, 0, Number.POSITIVE_INFINITY),
    ]),
    ['ok ok 2', 'ok timed-out 1', 'timed-out ok 1', 'timed-out timed-out 0'],
  )
})

test('all orders of two increments by load and store are seen, and one that loses an increment is shown and played again', () => {
  const program = {
    words: fresh(),
    threads() {
      const body = () => store(program.words, 0, load(program.words, 0) + 1)
      return [body, body]
    },
    check: () => assert.equal(load(program.words, 0), 2),
  }
  const { failure } = explore(program)
  assert.equal(failure?.kind, 'threw')
  assert.match(failure?.trace ?? '', /thread 0: load m0\[0\] → 0/)
  const again = explore(program, { replay: failure?.schedule as string })
  assert.equal(again.failure?.trace, failure?.trace)
  assert.equal(explore(program, { preemptions: 0 }).failure, undefined) // One after the other it holds.
})

test('the order that is shown has the fewest pre-emptions', () => {
  const words = fresh()
  const body = () => {
    add(words, 0, 1)
    add(words, 0, 1)
    if (load(words, 1) === 0) store(words, 1, load(words, 0))
  }
  const { failure } = explore({
    threads: () => [body, body],
    check: () => assert.ok(load(words, 1) !== 3),
  })
  const switches = failure?.schedule.slice(3).split('.').length ?? 0
  assert.ok(switches <= 3, failure?.schedule)
})

test('a thread that loops for ever by itself is found', () => {
  const { failure } = explore({
    threads() {
      const words = fresh()
      return [
        () => {
          while (load(words, 0) === 0);
        },
      ]
    },
  })
  assert.equal(failure?.kind, 'endless')
})

test('a schedule that does not fit is refused', () => {
  const program = { threads: () => [() => undefined] }
  assert.throws(() => explore(program, { replay: 'x1:0*3' }), { code: 'ATONCE_OPTION' })
  assert.throws(() => explore(program, { replay: 'nonsense' }), { code: 'ATONCE_OPTION' })
})
