/**
 * Small programs that use each primitive in the ways in which it can go wrong, for the explorer.
 * What each must end with is said by its `check`; that nobody is left waiting, the explorer sees by
 * itself.
 */
import assert from 'node:assert/strict'
import { agentMask, isAlive, playedAgents } from '../../src/runtime/agents.ts'
import { add, load, store } from '../../src/runtime/atomics.ts'
import { contended } from '../../src/sync/owned.ts'
import type { Waiting } from '../../src/sync/waiting.ts'
import type { End, ExploreOptions, Program } from '../../src/testing/explorer/explore.ts'
import { abortableWait } from '../../src/testing/explorer/recorder.ts'
import type { Library } from './library.ts'

/** One program, and how far it is explored. */
export interface Model {
  readonly name: string
  readonly program: (library: Library) => Program
  readonly options?: ExploreOptions
  /** Left out of the short form. */
  readonly long?: boolean
}

const words = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count))

/** What a lock guards: an increment that is lost if two do it at once. */
function increment(at: Int32Array): void {
  store(at, 0, load(at, 0) + 1)
}

/**
 * Runs a slow path that may be given up at any of its waits, as `acquire({ signal })` may; true if
 * it got what it waited for.
 */
function abortable(waiting: Waiting, mayAbort = true, timeoutMs = 100): boolean {
  let step = waiting.next()
  while (!step.done) {
    const { words: on, at, expected, passOn } = step.value
    const late = mayAbort ? (passOn ?? (() => {})) : undefined
    const answer = abortableWait(on, at, expected, timeoutMs, late)
    step = waiting.next(
      answer === 'ok'
        ? 'woken'
        : answer === 'not-equal'
          ? 'changed'
          : answer === 'timed-out' && timeoutMs === 100
            ? 'slice'
            : 'over',
    )
  }
  return step.value
}

/** Returns what the body throws, by its code. */
function codeOf(body: () => unknown): string {
  try {
    return String(body() ?? 'ok')
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  }
}

const times = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))
const alive = (ends: readonly End[]) => ends.filter(({ state }) => state === 'done').map(({ value }) => value)

function mutexModel(threads: number, rounds: number, extra: Partial<Model> = {}, deaths = 0): Model {
  return {
    name: `mutex, ${threads} threads, ${rounds} rounds${deaths > 0 ? ', one dies' : ''}`,
    program({ Mutex }) {
      const [mutex, counter] = [new Mutex({ name: 'm' }), words(1)]
      const body = () =>
        codeOf(() => {
          using _guard = mutex.acquireSync()
          increment(counter)
        })
      return {
        deaths,
        threads: () => times(threads, () => times(rounds, () => body)),
        check(ends) {
          if (deaths === 0) assert.equal(load(counter, 0), threads * rounds)
          assert.ok(alive(ends).every(end => end === 'ok' || (deaths > 0 && end === 'ATONCE_OWNER_DIED')))
          assert.ok(deaths > 0 || !mutex.held)
        },
      }
    },
    ...extra,
  }
}

const mutexes: readonly Model[] = [
  mutexModel(2, 2),
  mutexModel(3, 1),
  mutexModel(3, 2, { options: { preemptions: 2 } }),
  mutexModel(3, 2, { options: { preemptions: 3 }, long: true }),
  mutexModel(2, 1, {}, 1),
  mutexModel(3, 1, { options: { preemptions: 2 } }, 1),
  mutexModel(3, 1, { long: true }, 1),
  {
    name: 'mutex, one dies, the next takes over',
    program({ Mutex }) {
      const [mutex, counter] = [new Mutex({ name: 'm' }), words(1)]
      const body = () => {
        using guard = mutex.acquireSync({ ownerDied: 'take' })
        increment(counter)
        return guard.ownerDied
      }
      return {
        deaths: 1,
        threads: () => [body, body, body],
        check(ends) {
          assert.ok(!mutex.held || alive(ends).length < 3)
          assert.ok(alive(ends).filter(tookOver => tookOver === true).length <= 1)
        },
      }
    },
    options: { preemptions: 2 },
  },
  ...[2, 3].map(
    (threads): Model => ({
      name: `mutex, ${threads} threads, of which waits are given up`,
      program({ own, disown, me }) {
        const [at, counter] = [words(1), words(1)]
        const body = () => {
          const self = me()
          const asking = { name: 'm', blocks: undefined, take: false, tookOver: false }
          if (!abortable(own(at, 0, self, asking))) return 0
          increment(counter)
          disown(at, 0, self)
          return 1
        }
        return {
          threads: () => times(threads, () => body),
          check(ends) {
            const got = alive(ends).reduce<number>((sum, value) => sum + Number(value), 0)
            assert.equal(load(counter, 0), got)
            assert.equal(load(at, 0) & ~contended, 0)
          },
        }
      },
      options: threads === 2 ? {} : { preemptions: 2 },
    }),
  ),
  {
    name: 'mutex, a wait whose time ends, between two that stay',
    program({ Mutex }) {
      const [mutex, counter] = [new Mutex({ name: 'm' }), words(1)]
      const body = (timeoutMs?: number) => () =>
        codeOf(() => {
          using _guard = mutex.acquireSync({ timeoutMs })
          increment(counter)
        })
      return {
        threads: () => [[body(), body()], body(5), body()],
        check(ends) {
          assert.equal(load(counter, 0), 1 + ends.filter(({ value }) => value === 'ok').length)
          assert.deepEqual([ends[0]?.value, ends[2]?.value], ['ok', 'ok'])
        },
      }
    },
    options: { preemptions: 3 },
  },
  {
    name: 'mutex, tried and acquired',
    program({ Mutex }) {
      const [mutex, counter] = [new Mutex({ name: 'm' }), words(1)]
      const attempt = () => {
        using guard = mutex.tryAcquire()
        if (guard !== undefined) increment(counter)
        return guard === undefined ? 0 : 1
      }
      const body = () => {
        using _guard = mutex.acquireSync()
        increment(counter)
        return 1
      }
      return {
        threads: () => [attempt, body, body],
        check: ends =>
          assert.equal(
            load(counter, 0),
            ends.reduce((sum, { value }) => sum + Number(value), 0),
          ),
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'mutex, released by one who does not hold it',
    program({ Mutex }) {
      const [mutex, counter] = [new Mutex({ name: 'm' }), words(1)]
      const body = () => {
        using _guard = mutex.acquireSync()
        increment(counter)
      }
      return {
        threads: () => [body, () => codeOf(() => mutex.release()), body],
        check(ends) {
          assert.equal(ends[1]?.value, 'ATONCE_SYNC_USE')
          assert.equal(load(counter, 0), 2)
        },
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'two mutexes in different orders: one thread is told, both come to their end',
    program({ Mutex }) {
      const [left, right] = [new Mutex({ name: 'l' }), new Mutex({ name: 'r' })]
      const body = (first: typeof left, second: typeof left) => () =>
        codeOf(() => {
          using _first = first.acquireSync()
          using _second = second.acquireSync()
        })
      return {
        slices: true,
        threads: () => [body(left, right), body(right, left)],
        check(ends) {
          const told = ends.filter(({ value }) => value === 'ATONCE_DEADLOCK').length
          assert.ok(told <= 1 && ends.every(({ value }) => value === 'ok' || value === 'ATONCE_DEADLOCK'))
        },
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 're-entrant mutex, 2 threads',
    program({ ReentrantMutex }) {
      const [mutex, counter] = [new ReentrantMutex({ name: 'm' }), words(1)]
      const body = () => {
        using _outer = mutex.acquireSync()
        {
          using _inner = mutex.acquireSync()
          increment(counter)
        }
        increment(counter)
      }
      return { threads: () => [body, body], check: () => assert.equal(load(counter, 0), 4) }
    },
  },
]

const semaphores: readonly Model[] = [
  ...[2, 3].map(
    (threads): Model => ({
      name: `semaphore, 1 permit, ${threads} threads, 2 rounds`,
      program({ Semaphore }) {
        const [semaphore, counter] = [new Semaphore(1, { name: 's' }), words(1)]
        const body = () => {
          using _permit = semaphore.acquireSync()
          increment(counter)
        }
        return {
          threads: () => times(threads, () => [body, body]),
          check() {
            assert.equal(load(counter, 0), 2 * threads)
            assert.equal(semaphore.permits, 1)
          },
        }
      },
      options: threads === 2 ? {} : { preemptions: 2 },
    }),
  ),
  {
    name: 'semaphore, 2 permits, 3 threads',
    program({ Semaphore }) {
      const [semaphore, inside] = [new Semaphore(2, { name: 's' }), words(1)]
      const body = () => {
        using _permit = semaphore.acquireSync()
        assert.ok(add(inside, 0, 1) < 2)
        add(inside, 0, -1)
      }
      return { threads: () => [body, body, body], check: () => assert.equal(semaphore.permits, 2) }
    },
    options: { preemptions: 3 },
  },
  {
    name: 'semaphore, waits that are given up',
    program({ awaitPermit, givePermits, takePermit }) {
      const at = words(2)
      at[0] = 1
      const body = () => {
        if (!takePermit(at, 0) && !abortable(awaitPermit(at, 0))) return
        givePermits(at, 0, 1, 1)
      }
      return {
        threads: () => [[body, body], body, body],
        check: () => assert.deepEqual([load(at, 0), load(at, 1)], [1, 0]),
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'semaphore, 2 permits given at once for 2 that wait',
    program({ Semaphore }) {
      const semaphore = new Semaphore(0, { name: 's' })
      const body = () => void semaphore.acquireSync()
      return {
        threads: () => [body, body, () => semaphore.release(2)],
        check: () => assert.equal(semaphore.permits, 0),
      }
    },
  },
]

const signals: readonly Model[] = [
  {
    name: 'event, set while two wait',
    program({ Event }) {
      const event = new Event({ name: 'e' })
      const body = () => {
        event.waitSync()
        return event.isSet
      }
      return {
        threads: () => [body, body, () => event.set()],
        check: ends => assert.deepEqual([ends[0]?.value, ends[1]?.value], [true, true]),
      }
    },
  },
  {
    name: 'event, set and cleared at once: who waited goes on',
    program({ setEvent, clearEvent, untilSet }) {
      const [at, waits] = [words(1), words(1)]
      const waiter = () => {
        const waiting = untilSet(at, 0)
        let step = waiting.next()
        if (step.done) return
        store(waits, 0, 1) // From here on it has seen the event unset, so it must go on when it is set.
        while (!step.done) {
          const answer = abortableWait(step.value.words, step.value.at, step.value.expected, 100, undefined)
          step = waiting.next(answer === 'ok' ? 'woken' : 'changed')
        }
      }
      const setter = () => {
        if (load(waits, 0) === 0) return void setEvent(at, 0)
        setEvent(at, 0)
        clearEvent(at, 0)
      }
      return { threads: () => [waiter, setter] }
    },
  },
  {
    name: 'event, cleared by two at once',
    program({ Event }) {
      const event = new Event({ name: 'e' })
      return {
        threads: () => [
          () => {
            event.set()
            event.clear()
          },
          () => event.clear(),
        ],
        check: () => assert.equal(event.isSet, false),
      }
    },
  },
  {
    name: 'latch, counted down by two while two wait',
    program({ Latch }) {
      const [latch, done] = [new Latch(2, { name: 'l' }), words(1)]
      const counts = () => {
        add(done, 0, 1)
        latch.countDown()
      }
      const waits = () => {
        latch.waitSync()
        return load(done, 0)
      }
      return {
        threads: () => [counts, counts, waits],
        check: ends => assert.equal(ends[2]?.value, 2),
      }
    },
  },
  {
    name: 'once, 3 threads',
    program({ Once }) {
      const [once, counter] = [new Once({ name: 'o' }), words(1)]
      const body = () => {
        once.runSync(() => increment(counter))
        return load(counter, 0)
      }
      return {
        threads: () => [body, body, body],
        check: ends =>
          assert.deepEqual(
            ends.map(({ value }) => value),
            [1, 1, 1],
          ),
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'once, the one that does it dies',
    program({ Once }) {
      const [once, counter] = [new Once({ name: 'o' }), words(1)]
      const body = () => {
        once.runSync(() => store(counter, 0, 1))
        return load(counter, 0)
      }
      return {
        deaths: 1,
        threads: () => [body, body],
        check: ends => assert.ok(alive(ends).every(value => value === 1)),
      }
    },
  },
  {
    name: 'once, an asynchronous body is refused, and it is not done',
    program({ Once }) {
      const once = new Once({ name: 'o' })
      const late = async () => Promise.reject(new Error('late'))
      const bodies = [late, () => late() as never]
      return {
        threads: () => bodies.map(body => () => codeOf(() => once.runSync(body))),
        check(ends) {
          assert.deepEqual(
            ends.map(({ value }) => value),
            ['ATONCE_SYNC_USE', 'ATONCE_SYNC_USE'],
          )
          assert.equal(once.done, false)
        },
      }
    },
  },
]

const barriers: readonly Model[] = [
  ...[
    [2, 2],
    [3, 1, 3],
    [3, 2, 2],
  ].map(
    ([parties, rounds, preemptions]): Model => ({
      name: `barrier, ${parties} parties, ${rounds} rounds`,
      program({ Barrier }) {
        const [barrier, came] = [new Barrier(parties as number, { name: 'b' }), words(1)]
        const round = (number: number) => () => {
          add(came, 0, 1)
          const place = barrier.waitSync()
          assert.ok(load(came, 0) >= (parties as number) * number)
          return place
        }
        return {
          threads: () => times(parties as number, () => times(rounds as number, at => round(at + 1))),
          check(ends) {
            assert.deepEqual(
              ends.map(({ value }) => value).sort(),
              times(parties as number, at => at),
            )
            assert.equal(barrier.waiting, 0)
          },
        }
      },
      options: preemptions === undefined ? {} : { preemptions },
    }),
  ),
  {
    name: 'barrier, a party whose time ends breaks it for all',
    program({ Barrier }) {
      const barrier = new Barrier(2, { name: 'b' })
      const body = (timeoutMs?: number) => () => codeOf(() => void barrier.waitSync({ timeoutMs }))
      return {
        threads: () => [body(5), body()],
        check(ends) {
          const values = ends.map(({ value }) => value)
          const wanted = values[1] === 'ok' ? ['ok', 'ok'] : [values[0], 'ATONCE_BROKEN_BARRIER']
          assert.deepEqual(values, wanted)
          assert.ok(['ok', 'ATONCE_TIMEOUT', 'ATONCE_BROKEN_BARRIER'].includes(values[0] as string))
        },
      }
    },
  },
  {
    name: 'barrier, three come to one of two: no more than two pass',
    program({ Barrier }) {
      const barrier = new Barrier(2, { name: 'b' })
      const body = () => codeOf(() => void barrier.waitSync({ timeoutMs: 5 }))
      return {
        threads: () => [body, body, body],
        check(ends) {
          const passed = ends.filter(({ value }) => value === 'ok').length
          assert.ok(passed === 0 || passed === 2, String(passed))
        },
      }
    },
    options: { preemptions: 3 },
  },
  {
    name: 'barrier, aborted while others wait',
    program({ Barrier }) {
      const barrier = new Barrier(3, { name: 'b' })
      const body = () => codeOf(() => void barrier.waitSync())
      return {
        threads: () => [body, body, () => barrier.abort()],
        check: ends =>
          assert.deepEqual(
            ends.slice(0, 2).map(({ value }) => value),
            ['ATONCE_BROKEN_BARRIER', 'ATONCE_BROKEN_BARRIER'],
          ),
      }
    },
  },
  {
    name: 'barrier, reset while one waits',
    program({ Barrier }) {
      const barrier = new Barrier(2, { name: 'b' })
      const waits = () => codeOf(() => void barrier.waitSync({ timeoutMs: 5 }))
      const resets = () => {
        if (barrier.waiting === 1) {
          barrier.reset()
          return true
        }
        return false
      }
      return {
        threads: () => [waits, resets],
        check(ends) {
          assert.ok(ends[0]?.value !== 'ok')
          if (ends[1]?.value === false) assert.equal(ends[0]?.value, 'ATONCE_TIMEOUT')
        },
      }
    },
  },
  {
    name: 'barrier, reset as two come: both pass, or neither does',
    program({ Barrier }) {
      const barrier = new Barrier(2, { name: 'b' })
      const body = () => codeOf(() => void barrier.waitSync({ timeoutMs: 5 }))
      return {
        threads: () => [body, body, () => barrier.reset()],
        check: ends => assert.equal(ends[0]?.value === 'ok', ends[1]?.value === 'ok'),
      }
    },
    options: { preemptions: 3 },
  },
  {
    name: 'barrier, reset while the last one acts: the new round has not been opened',
    program({ Barrier }) {
      const barrier = new Barrier(1, { name: 'b' })
      const body = () => codeOf(() => void barrier.waitSync({ action: () => barrier.reset() }))
      const comes = () => codeOf(() => void barrier.waitSync())
      return {
        threads: () => [body, comes],
        check(ends) {
          assert.equal(ends[0]?.value, 'ATONCE_BROKEN_BARRIER')
          assert.equal(barrier.waiting, 0)
        },
      }
    },
  },
  {
    name: 'barrier, reset until the tags of its seats come again',
    program({ Barrier }) {
      const barrier = new Barrier(2, { name: 'b' })
      const comesAlone = () => codeOf(() => void barrier.waitSync({ timeoutMs: 5 }))
      const body = () => {
        const codes = [comesAlone()]
        for (let count = 0; count < 16; count += 1) barrier.reset()
        return [...codes, comesAlone()]
      }
      return {
        threads: () => [body],
        check: ends => assert.deepEqual(ends[0]?.value, ['ATONCE_TIMEOUT', 'ATONCE_TIMEOUT']),
      }
    },
  },
  ...[
    [2, 1],
    [2, 2, 3],
    [3, 1, 2],
  ].map(
    ([parties, rounds, preemptions]): Model => ({
      name: `barrier, ${parties} parties, ${rounds} rounds, one dies: nobody passes without it`,
      program({ Barrier }) {
        const count = parties as number
        const at = words(1 + count)
        const barrier = new Barrier(count, {}, { words: at, at: 0, name: 'b', parties: count } as never)
        const agents = playedAgents(count).ids
        const body = (self: number) => () => {
          const late = self === count - 1 && agents.some(agent => !isAlive(agent))
          const code = codeOf(() => void barrier.waitSync({ timeoutMs: 250 }))
          assert.ok(!late || code !== 'ok', 'It passed without one that had died before.')
          return code
        }
        return {
          deaths: 1,
          threads: () => times(count, self => times(rounds as number, () => body(self))),
          check(ends) {
            const codes = alive(ends)
            if (rounds === 1) assert.ok(codes.every(code => (code === 'ok') === (codes[0] === 'ok')))
            const dead = agents[ends.findIndex(({ state }) => state === 'died')]
            const came = at.some((_, place) => place > 0 && (load(at, place) & agentMask) === dead)
            if (rounds === 1 && came) assert.ok(!codes.includes('ATONCE_TIMEOUT'), 'Its death was not seen.')
          },
        }
      },
      options: preemptions === undefined ? {} : { preemptions },
    }),
  ),
  {
    name: 'barrier, the last one dies before it opens: who comes next is told',
    program({ Barrier }) {
      const barrier = new Barrier(1, { name: 'b' })
      const body = () => codeOf(() => void barrier.waitSync({ timeoutMs: 250 }))
      return {
        deaths: 1,
        threads: () => [body, body],
        check: ends =>
          assert.ok(alive(ends).every(code => code === 'ok' || code === 'ATONCE_BROKEN_BARRIER')),
      }
    },
  },
]

const conditions: readonly Model[] = [
  {
    name: 'condition, one makes, two take',
    program({ Mutex, Condition }) {
      const [mutex, items] = [new Mutex({ name: 'm' }), words(1)]
      const filled = new Condition(mutex, { name: 'c' })
      const takes = () => {
        using _guard = mutex.acquireSync()
        filled.waitForSync(() => load(items, 0) > 0)
        store(items, 0, load(items, 0) - 1)
      }
      const makes = () => {
        using _guard = mutex.acquireSync()
        increment(items)
        filled.notify()
      }
      return { threads: () => [takes, takes, [makes, makes]], check: () => assert.equal(load(items, 0), 0) }
    },
    options: { preemptions: 1 },
  },
  {
    name: 'condition, one that waits and one whose time ends: the notification is not lost',
    program({ Mutex, Condition }) {
      const [mutex, stage] = [new Mutex({ name: 'm' }), words(1)]
      const changed = new Condition(mutex, { name: 'c' })
      const waits = () =>
        codeOf(() => {
          using _guard = mutex.acquireSync()
          if (load(stage, 0) === 2) return
          store(stage, 0, 1)
          changed.waitSync()
        })
      const waitsShortly = () =>
        codeOf(() => {
          using _guard = mutex.acquireSync()
          changed.waitSync({ timeoutMs: 5 })
        })
      const notifies = () => {
        using _guard = mutex.acquireSync()
        if (load(stage, 0) === 1) changed.notify(2)
        else store(stage, 0, 2)
      }
      return {
        threads: () => [waits, waitsShortly, notifies],
        check: ends => assert.equal(ends[0]?.value, 'ok'),
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'condition, waits that are given up take or leave what they were given',
    program({ Mutex, awaitWaking, giveWakings, leaveWait }) {
      const [mutex, at] = [new Mutex({ name: 'm' }), words(3)]
      at[2] = 2 // Two wait already.
      const body = () => {
        const woken = abortable(awaitWaking(at, 0, 0))
        using _guard = mutex.acquireSync()
        return woken || leaveWait(at, 0)
      }
      const gives = () => {
        using _guard = mutex.acquireSync()
        giveWakings(at, 0, 2)
      }
      return {
        threads: () => [body, body, gives],
        check(ends) {
          const woken = ends.filter(({ value }) => value === true).length
          assert.deepEqual([load(at, 0), load(at, 1), load(at, 2)], [woken, woken, 0])
        },
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'condition, a notification is for those who waited before it',
    program({ beginWait, awaitWaking, giveWakings }) {
      const [at, given] = [words(3), words(1)]
      at[2] = 1 // One waits already.
      const waited = () => abortable(awaitWaking(at, 0, 0), false)
      const gives = () => {
        giveWakings(at, 0, 1)
        store(given, 0, 1)
      }
      const comesLater = () => {
        if (load(given, 0) === 0) return false
        return abortable(awaitWaking(at, 0, beginWait(at, 0)), false, 5)
      }
      return {
        threads: () => [waited, gives, comesLater],
        check: ends => assert.deepEqual([ends[0]?.value, ends[2]?.value], [true, false]),
      }
    },
  },
  {
    name: 'condition, notified without the mutex',
    program({ Mutex, Condition }) {
      const changed = new Condition(new Mutex({ name: 'm' }), { name: 'c' })
      return {
        threads: () => [() => codeOf(() => changed.notify()), () => codeOf(() => changed.waitSync())],
        check: ends => assert.ok(ends.every(({ value }) => value === 'ATONCE_SYNC_USE')),
      }
    },
  },
]

const rwLocks: readonly Model[] = [
  ...[
    [1, 1],
    [2, 1],
    [1, 2],
  ].map(
    ([writers, readers]): Model => ({
      name: `rw-lock, ${writers} writers, ${readers} readers`,
      program({ RwLock }) {
        const [lock, pair] = [new RwLock({ name: 'l' }), words(2)]
        const writes = () => {
          using _writing = lock.acquireWriteSync()
          increment(pair)
          store(pair, 1, load(pair, 1) + 1)
        }
        const reads = () => {
          using _reading = lock.acquireReadSync()
          assert.equal(load(pair, 0), load(pair, 1))
        }
        return {
          threads: () => [
            ...times(writers as number, () => writes),
            ...times(readers as number, () => reads),
          ],
          check: () => assert.deepEqual([load(pair, 0), load(pair, 1)], [writers, writers]),
        }
      },
      options: writers === 1 && readers === 1 ? {} : { preemptions: 2 },
    }),
  ),
  {
    name: 'rw-lock, a reader dies, a writer goes on',
    program({ RwLock }) {
      const lock = new RwLock({ name: 'l' })
      const reads = () => codeOf(() => lock.acquireReadSync().release())
      const writes = () => codeOf(() => lock.acquireWriteSync().release())
      return {
        deaths: 1,
        threads: () => [reads, writes],
        check: ends => assert.ok(alive(ends).every(value => value === 'ok' || value === 'ATONCE_OWNER_DIED')),
      }
    },
    options: { preemptions: 2 },
  },
  {
    name: 'rw-lock, a writer gives up, the readers go on',
    program({ RwLock }) {
      const lock = new RwLock({ name: 'l' })
      const reads = () => void lock.acquireReadSync().release()
      const writes = () => codeOf(() => lock.acquireWriteSync({ timeoutMs: 5 }).release())
      return { threads: () => [reads, writes, reads] }
    },
    options: { preemptions: 2 },
  },
]

export const models: readonly Model[] = [
  ...mutexes,
  ...semaphores,
  ...signals,
  ...barriers,
  ...conditions,
  ...rwLocks,
]
