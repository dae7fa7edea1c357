/** What each of two threads does in `main.ts`, with the locks of atonce and with bare Atomics. */
import { task } from '../../src/index.ts'
import { compareExchange } from '../../src/runtime/atomics.ts'
import { type Barrier, Mutex, type Semaphore } from '../../src/sync.ts'

/** A hand-written futex: the second mutex of Drepper, "Futexes Are Tricky" (2011). */
export class BareLock {
  readonly #word: Int32Array

  constructor(word: Int32Array) {
    this.#word = word
  }

  lock(): void {
    if (Atomics.compareExchange(this.#word, 0, 0, 1) === 0) return
    while (Atomics.exchange(this.#word, 0, 2) !== 0) Atomics.wait(this.#word, 0, 2)
  }

  unlock(): void {
    if (Atomics.exchange(this.#word, 0, 0) === 2) Atomics.notify(this.#word, 0, 1)
  }
}

function nsEach(count: number, body: () => void): number {
  const startedNs = process.hrtime.bigint()
  body()
  return Number(process.hrtime.bigint() - startedNs) / count
}

export const contendMutex = task(
  import.meta,
  (start: Barrier, mutex: Mutex, counter: Int32Array, count: number): number => {
    start.waitSync()
    return nsEach(count, () => {
      for (let at = 0; at < count; at += 1) {
        const guard = mutex.acquireSync()
        counter[0] = (counter[0] as number) + 1
        guard.release()
      }
    })
  },
)

export const contendFutex = task(
  import.meta,
  (start: Barrier, word: Int32Array, counter: Int32Array, count: number): number => {
    const lock = new BareLock(word)
    start.waitSync()
    return nsEach(count, () => {
      for (let at = 0; at < count; at += 1) {
        lock.lock()
        counter[0] = (counter[0] as number) + 1
        lock.unlock()
      }
    })
  },
)

/** Each waits for its own semaphore and then gives the other's. */
export const handOffSemaphores = task(
  import.meta,
  (start: Barrier, mine: Semaphore, others: Semaphore, count: number): number => {
    start.waitSync()
    return nsEach(count, () => {
      for (let at = 0; at < count; at += 1) {
        mine.acquireSync()
        others.release()
      }
    })
  },
)

/** The same with a word that says whose turn it is. */
export const handOffBare = task(
  import.meta,
  (start: Barrier, turn: Int32Array, who: number, count: number): number => {
    start.waitSync()
    return nsEach(count, () => {
      for (let at = 0; at < count; at += 1) {
        while (Atomics.load(turn, 0) !== who) Atomics.wait(turn, 0, 1 - who)
        Atomics.store(turn, 0, 1 - who)
        Atomics.notify(turn, 0, 1)
      }
    })
  },
)

type Uncontended = 'bare' | 'seam' | 'mutex' | 'tried' | 'using' | 'emptyUsing' | 'futex'

const many = 2_000_000
const [bareWords, seamWords] = [0, 1].map(() => new Int32Array(new SharedArrayBuffer(64))) as [
  Int32Array,
  Int32Array,
]
const [alone, lock] = [new Mutex(), new BareLock(new Int32Array(new SharedArrayBuffer(4)))]

const empty = { [Symbol.dispose]() {} }

const loops: Readonly<Record<Uncontended, () => void>> = {
  bare() {
    for (let at = 0; at < many; at += 1) {
      Atomics.compareExchange(bareWords, 0, 0, 1)
      Atomics.compareExchange(bareWords, 0, 1, 0)
    }
  },
  seam() {
    for (let at = 0; at < many; at += 1) {
      compareExchange(seamWords, 0, 0, 1)
      compareExchange(seamWords, 0, 1, 0)
    }
  },
  mutex() {
    for (let at = 0; at < many; at += 1) alone.acquireSync().release()
  },
  tried() {
    for (let at = 0; at < many; at += 1) alone.tryAcquire()?.release()
  },
  emptyUsing() {
    for (let at = 0; at < many; at += 1) {
      using _nothing = empty
    }
  },
  using() {
    for (let at = 0; at < many; at += 1) {
      using _guard = alone.acquireSync()
    }
  },
  futex() {
    for (let at = 0; at < many; at += 1) {
      lock.lock()
      lock.unlock()
    }
  },
}

/** Nanoseconds for each pair of taking and giving up what nobody else wants. */
export const uncontended = task(import.meta, (kind: Uncontended): number => nsEach(many, loops[kind]))
