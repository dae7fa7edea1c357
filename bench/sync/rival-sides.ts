/**
 * The same loop with a primitive of ours and with that of multithreading (W4G1), on a worker of
 * ours: it is the primitives that are compared, not who starts threads.
 */
import * as theirs from 'multithreading'
import { task } from '../../src/index.ts'
import * as ours from '../../src/sync.ts'

export const pairs = [
  'Mutex',
  'Mutex, awaited',
  'RwLock, read',
  'RwLock, write',
  'Semaphore',
  'Barrier of 1',
] as const
export type Pair = (typeof pairs)[number]
export type Whose = 'ours' | 'theirs'

const many = 200_000
const our = {
  mutex: new ours.Mutex(),
  lock: new ours.RwLock(),
  semaphore: new ours.Semaphore(2),
  barrier: new ours.Barrier(1),
}
const their = {
  mutex: new theirs.Mutex(),
  lock: new theirs.RwLock(),
  semaphore: new theirs.Semaphore(2),
  barrier: new theirs.Barrier(1),
}

const steps: Readonly<Record<Pair, Readonly<Record<Whose, () => unknown>>>> = {
  Mutex: {
    ours: () => our.mutex.acquireSync().release(),
    theirs: () => their.mutex.blockingLock().dispose(),
  },
  'Mutex, awaited': {
    ours: () => our.mutex.acquire().then(guard => guard.release()),
    theirs: () => their.mutex.lock().then(guard => guard.dispose()),
  },
  'RwLock, read': {
    ours: () => our.lock.acquireReadSync().release(),
    theirs: () => their.lock.blockingRead().dispose(),
  },
  'RwLock, write': {
    ours: () => our.lock.acquireWriteSync().release(),
    theirs: () => their.lock.blockingWrite().dispose(),
  },
  Semaphore: {
    ours: () => our.semaphore.acquireSync().release(),
    theirs: () => their.semaphore.blockingAcquire().dispose(),
  },
  'Barrier of 1': {
    ours: () => our.barrier.waitSync(),
    theirs: () => their.barrier.blockingWait(),
  },
}

/** Nanoseconds of CPU for each step, while nobody else wants anything. */
export const alone = task(import.meta, async (pair: Pair, whose: Whose): Promise<number> => {
  const step = steps[pair][whose]
  const awaited = pair.endsWith('awaited')
  const before = process.threadCpuUsage()
  for (let at = 0; at < many; at += 1) {
    const done = step()
    if (awaited) await done
  }
  const { user, system } = process.threadCpuUsage(before)
  return (1_000 * (user + system)) / many
})

/** Nanoseconds for each increment, while another thread does the same. */
export const contended = task(
  import.meta,
  (start: ours.Barrier, mutex: ours.Mutex, words: SharedArrayBuffer, whose: Whose, times: number): number => {
    const counter = new Int32Array(words, 4, 1)
    const other = new theirs.Mutex(undefined, words)
    start.waitSync()
    const startedNs = process.hrtime.bigint()
    for (let at = 0; at < times; at += 1) {
      const guard = whose === 'ours' ? mutex.acquireSync() : other.blockingLock()
      counter[0] = (counter[0] as number) + 1
      guard[Symbol.dispose]()
    }
    return Number(process.hrtime.bigint() - startedNs) / times
  },
)
