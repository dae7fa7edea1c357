/**
 * Tasks that use shared memory, for the tests of atonce/sync on threads. Most import no more of it
 * than its types.
 */
import { sleepSync } from '../runtime/atomics.ts'
import { runtime } from '../runtime/runtime.ts'
import type { AtomicCounter } from '../sync/atomic-counter.ts'
import type { Barrier } from '../sync/barrier.ts'
import type { Condition } from '../sync/condition.ts'
import type { Event } from '../sync/event.ts'
import type { Latch } from '../sync/latch.ts'
import type { Mutex } from '../sync/mutex.ts'
import type { Once } from '../sync/once.ts'
import type { Records } from '../sync/records.ts'
import type { ReentrantMutex } from '../sync/reentrant-mutex.ts'
import type { RwLock } from '../sync/rw-lock.ts'
import type { Semaphore } from '../sync/semaphore.ts'
import type { SharedArray } from '../sync/shared-array.ts'
import { task } from '../task/task.ts'

type Numbers = SharedArray<'i32'>

function increment(numbers: Numbers, times = 1): void {
  numbers.view[0] = (numbers.view[0] as number) + times
}

export const countLocked = task(import.meta, (mutex: Mutex, numbers: Numbers, rounds: number): void => {
  for (let round = 0; round < rounds; round += 1) {
    using _guard = mutex.acquireSync()
    increment(numbers)
  }
})

export const countLockedAsync = task(
  import.meta,
  async (mutex: Mutex, numbers: Numbers, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      using _guard = await mutex.acquire()
      increment(numbers)
    }
  },
)

export const countReentered = task(
  import.meta,
  (mutex: ReentrantMutex, numbers: Numbers, rounds: number): void => {
    for (let round = 0; round < rounds; round += 1) {
      using _outer = mutex.acquireSync()
      using _inner = mutex.acquireSync()
      increment(numbers)
    }
  },
)

/** Writes two numbers that must stay equal, and returns how often it has read them unequal. */
export const readAndWrite = task(import.meta, (lock: RwLock, numbers: Numbers, rounds: number): number => {
  let unequal = 0
  for (let round = 0; round < rounds; round += 1) {
    {
      using _reading = lock.acquireReadSync()
      if (numbers.view[0] !== numbers.view[1]) unequal += 1
    }
    if (round % 4 !== 0) continue
    using _writing = lock.acquireWriteSync()
    increment(numbers)
    numbers.view[1] = (numbers.view[1] as number) + 1
  }
  return unequal
})

/** Returns the most that it has seen inside at once. */
export const enterBounded = task(
  import.meta,
  (semaphore: Semaphore, inside: AtomicCounter, rounds: number): number => {
    let most = 0
    for (let round = 0; round < rounds; round += 1) {
      using _permit = semaphore.acquireSync()
      most = Math.max(most, inside.add(1))
      inside.add(-1)
    }
    return most
  },
)

export const keepStep = task(import.meta, (barrier: Barrier, rounds: number): number[] => {
  const places: number[] = []
  for (let round = 0; round < rounds; round += 1) places.push(barrier.waitSync({ timeoutMs: 20_000 }))
  return places
})

export const openAndWait = task(import.meta, (latch: Latch, event: Event): boolean => {
  latch.countDown()
  event.waitSync({ timeoutMs: 20_000 })
  return event.isSet
})

export const consume = task(
  import.meta,
  (mutex: Mutex, filled: Condition, numbers: Numbers, count: number): void => {
    for (let taken = 0; taken < count; taken += 1) {
      using _guard = mutex.acquireSync()
      filled.waitForSync(() => (numbers.view[0] as number) > 0, { timeoutMs: 20_000 })
      increment(numbers, -1)
    }
  },
)

export const produce = task(
  import.meta,
  async (mutex: Mutex, filled: Condition, numbers: Numbers, count: number): Promise<void> => {
    for (let made = 0; made < count; made += 1) {
      using _guard = await mutex.acquire()
      increment(numbers)
      filled.notify()
    }
  },
)

export const doOnce = task(import.meta, (once: Once, counter: AtomicCounter): boolean =>
  once.runSync(() => void counter.add(1)),
)

export const dieWith = task(import.meta, (mutex: Mutex): void => {
  mutex.acquireSync()
  process.exit(3)
})

export const dieReading = task(import.meta, (lock: RwLock): void => {
  lock.acquireReadSync()
  process.exit(3)
})

/** Takes one lock, waits until the other thread has its own, then takes the other's. */
export const takeBoth = task(
  import.meta,
  function takeBoth(mine: Mutex, others: Mutex, both: Barrier): string {
    using _mine = mine.acquireSync()
    both.waitSync()
    try {
      using _others = others.acquireSync({ timeoutMs: 20_000 })
      return 'both'
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message}`
    }
  },
)

export const holdUntil = task(import.meta, (mutex: Mutex, held: Event, end: Event): void => {
  using _guard = mutex.acquireSync()
  held.set()
  end.waitSync({ timeoutMs: 20_000 })
})

export const isSameLock = task(import.meta, (mutex: Mutex): Mutex => {
  mutex.acquireSync()
  return mutex
})

export const misuse = task(import.meta, (mutex: Mutex): readonly string[] => {
  const thrown: string[] = []
  const attempt = (body: () => void) => {
    try {
      body()
    } catch (error) {
      thrown.push((error as { code: string }).code)
    }
  }
  attempt(() => mutex.release())
  using _guard = mutex.acquireSync()
  attempt(() => void mutex.acquireSync())
  return thrown
})

const shape = { x: 'f64', hits: 'counter', name: 'text(32)', lock: 'mutex' } as const

export const fillRecords = task(import.meta, (records: Records<typeof shape>, who: number): void => {
  for (const record of records) {
    record.hits.add(1)
    using _guard = record.lock.acquireSync()
    record.x += who
    record.name = `touched by ${who} and Zoë`
  }
})

/**
 * Takes two of the locks in the same order as everybody, again and again, and holds them for long
 * now and then.
 */
export const takeInOrder = task(
  import.meta,
  (locks: readonly Mutex[], rounds: number, restMs: number): number => {
    let taken = 0
    for (let round = 0; round < rounds; round += 1) {
      const first = round % (locks.length - 1)
      using _lower = (locks[first] as Mutex).acquireSync()
      using _upper = (locks[first + 1] as Mutex).acquireSync()
      if (round % 4 === 0) sleepSync(restMs) // Longer than a slice: the others look about while this one holds both.
      taken += 1
    }
    return taken
  },
)

/**
 * Two calls of one thread: one holds `mine` and waits for nothing that another thread has; the
 * other waits for `other` by `await`. `holding` says that the first has begun, `waiting` that both
 * threads wait.
 */
export const holdAndAwait = task(
  import.meta,
  async (mine: Mutex, other: Mutex, holding: Latch, waiting: Latch, ms: number): Promise<void> => {
    const guard = await mine.acquire()
    holding.countDown()
    await holding.wait()
    const awaiting = other.acquire()
    waiting.countDown()
    await waiting.wait()
    // Longer than it takes to report a circle of threads that stop.
    await new Promise<void>(resolve => void runtime().setTimer(ms, resolve))
    guard.release()
    ;(await awaiting).release()
  },
)

/** Reads, or holds the mutex; then wants the other one. Returns `both`, or what it was told. */
export const readThenLock = task(
  import.meta,
  (lock: RwLock, mutex: Mutex, both: Barrier, first: 'read' | 'lock'): string => {
    using _held = first === 'read' ? lock.acquireReadSync() : mutex.acquireSync()
    both.waitSync()
    try {
      using _wanted = first === 'read' ? mutex.acquireSync() : lock.acquireWriteSync()
      return 'both'
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`
    }
  },
)
