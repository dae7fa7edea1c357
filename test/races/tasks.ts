/** What the two sides of the planted races do, and of their twins that have none. */
import { context, type Receiver, type Sender, task } from '../../src/index.ts'
import {
  type AtomicCounter,
  type Barrier,
  type Condition,
  Event,
  type Latch,
  type Mutex,
  type Once,
  type Records,
  type ReentrantMutex,
  type RwLock,
  type Semaphore,
  type SharedArray,
} from '../../src/sync.ts'

type Numbers = SharedArray<'i32'>

function addOne(numbers: Numbers): void {
  numbers.view[0] = (numbers.view[0] as number) + 1
}

export const increment = task(import.meta, function increment(numbers: Numbers) {
  addOne(numbers)
})
export const read = task(import.meta, function read(numbers: Numbers) {
  return numbers.view[0]
})
export const readBare = task(import.meta, function readBare(view: Int32Array) {
  return view[0]
})
export const incrementLocked = task(import.meta, function incrementLocked(numbers: Numbers, mutex: Mutex) {
  using _guard = mutex.acquireSync()
  addOne(numbers)
})
export const incrementReentered = task(
  import.meta,
  function incrementReentered(numbers: Numbers, mutex: ReentrantMutex) {
    using _outer = mutex.acquireSync()
    using _inner = mutex.acquireSync()
    addOne(numbers)
  },
)
export const incrementTried = task(
  import.meta,
  function incrementTried(numbers: Numbers, mutex: Mutex, onlyIfTaken: boolean) {
    using guard = mutex.tryAcquire()
    if (guard !== undefined || !onlyIfTaken) addOne(numbers)
  },
)
export const add = task(import.meta, function add(numbers: Numbers) {
  Atomics.add(numbers.view, 0, 1)
})

/** Says by a word that the number is there. */
export const publish = task(import.meta, function publish(numbers: Numbers, byAtomics: boolean) {
  numbers.view[0] = 42
  if (byAtomics) Atomics.store(numbers.view, 1, 1)
  else numbers.view[1] = 1
})
export const consume = task(import.meta, function consume(numbers: Numbers, byAtomics: boolean) {
  const isThere = () => (byAtomics ? Atomics.load(numbers.view, 1) : numbers.view[1]) === 1
  for (let looks = 0; looks < 100_000 && !isThere(); looks += 1) {}
  return numbers.view[0]
})
/** The same with a word of memory that the library does not know. */
export const publishAside = task(
  import.meta,
  function publishAside(numbers: Numbers, words: Int32Array, ahead: boolean) {
    const tell = () => {
      Atomics.store(words, 0, 1)
      Atomics.notify(words, 0)
    }
    if (ahead) tell()
    numbers.view[0] = 42
    if (!ahead) tell()
  },
)
export const consumeAside = task(import.meta, function consumeAside(numbers: Numbers, words: Int32Array) {
  Atomics.wait(words, 0, 0)
  return numbers.view[0]
})

export const writeUnder = task(
  import.meta,
  function writeUnder(numbers: Numbers, lock: RwLock, how: 'read' | 'write') {
    using _guard = how === 'read' ? lock.acquireReadSync() : lock.acquireWriteSync()
    addOne(numbers)
  },
)

/** Both hold a permit before either writes, if there are two. */
export const writeWithPermit = task(
  import.meta,
  function writeWithPermit(numbers: Numbers, semaphore: Semaphore, has: Event, go: Event | undefined) {
    using _permit = semaphore.acquireSync()
    has.set()
    go?.waitSync()
    addOne(numbers)
  },
)

export const writeAndSet = task(
  import.meta,
  function writeAndSet(numbers: Numbers, event: Event, ahead: boolean) {
    if (ahead) event.set()
    numbers.view[0] = 1
    if (!ahead) event.set()
  },
)
export const readAfter = task(import.meta, function readAfter(numbers: Numbers, event: Event) {
  event.waitSync()
  return numbers.view[0]
})

export const writeAndCount = task(
  import.meta,
  function writeAndCount(numbers: Numbers, latch: Latch, at: number, ahead: boolean) {
    if (ahead) latch.countDown()
    numbers.view[at] = 1
    if (!ahead) latch.countDown()
    latch.waitSync()
    return numbers.view[1 - at]
  },
)

/** Each reads what the other one has written in the round before. */
export const swap = task(
  import.meta,
  function swap(numbers: Numbers, barrier: Barrier, at: number, waits: boolean) {
    numbers.view[at] = 1
    if (waits) barrier.waitSync()
    const other = numbers.view[1 - at]
    barrier.waitSync()
    return other
  },
)

export const fillQueue = task(
  import.meta,
  function fillQueue(numbers: Numbers, condition: Condition, locked: boolean) {
    if (!locked) numbers.view[0] = 1
    using _guard = condition.mutex.acquireSync()
    if (locked) numbers.view[0] = 1
    condition.notify()
  },
)
export const takeFromQueue = task(
  import.meta,
  function takeFromQueue(numbers: Numbers, condition: Condition, ready: Event) {
    using _guard = condition.mutex.acquireSync()
    ready.set()
    condition.waitForSync(() => numbers.view[0] === 1)
    numbers.view[0] = 0
  },
)

export const useTable = task(import.meta, function useTable(numbers: Numbers, once: Once, asks: boolean) {
  const fill = () => {
    numbers.view.fill(7)
  }
  if (asks) once.runSync(fill)
  else if (numbers.view[0] === 0) fill()
  return numbers.view[0]
})

type Page = Records<{ hits: 'u32'; title: 'text(16)'; lock: 'mutex' }>

export const hit = task(import.meta, function hit(pages: Page, row: number, locked: boolean) {
  using _guard = locked ? pages.at(row).lock.acquireSync() : undefined
  pages.at(row).hits += 1
})
export const rename = task(import.meta, function rename(pages: Page, row: number, title: string) {
  pages.at(row).title = title
})
export const sumHits = task(import.meta, function sumHits(pages: Page, locked: boolean) {
  let sum = 0
  for (const page of pages) {
    using _guard = locked ? page.lock.acquireSync() : undefined
    sum += page.hits
  }
  return sum
})

/**
 * A step of a filter: it reads its neighbour. The step in the middle lets the first one go, so that
 * two workers are at it.
 */
export const smooth = task(
  import.meta,
  function smooth(at: number, from: Numbers, to: Numbers, other: Event) {
    if (at === 4) other.set()
    if (at === 0) other.waitSync({ timeoutMs: 20_000 })
    to.view[at] = (from.view[at] ?? 0) + (from.view[at + 1] ?? 0)
  },
)

/** A thread that stops lets leave what it has sent, and hears nothing meanwhile. */
function letItemsLeave(): void {
  try {
    new Event().waitSync({ timeoutMs: 1 })
  } catch {} // Nobody sets it.
}

export const sendNumbers = task(
  import.meta,
  async function sendNumbers(numbers: Numbers, sender: Sender<string>, seen: Event, ahead: boolean) {
    if (!ahead) numbers.view[0] = 1
    await sender.send('there')
    letItemsLeave()
    if (ahead) numbers.view[0] = 1
    seen.waitSync({ timeoutMs: 20_000 }) // Its answer would order the two.
  },
)
export const awaitNumbers = task(
  import.meta,
  async function awaitNumbers(numbers: Numbers, receiver: Receiver<string>, seen: Event) {
    await receiver.receive()
    const read = numbers.view[0]
    seen.set()
    return read
  },
)

export const fillPart = task(import.meta, function fillPart(numbers: Numbers, from: number, to: number) {
  numbers.view.fill(1, from, to)
  numbers.view.subarray(from, to).reverse()
})

/** Says how far it is, and goes on writing. */
export const report = task(import.meta, function report(numbers: Numbers, ahead: boolean) {
  if (ahead) context().progress(1, 2)
  numbers.view[0] = 1
  if (!ahead) context().progress(1, 2)
})

export const countWith = task(import.meta, function countWith(counter: AtomicCounter, byOne: boolean) {
  if (byOne) counter.add(1)
  else counter.value = counter.value + 1 // It loses counts, and is ordered all the same.
})
