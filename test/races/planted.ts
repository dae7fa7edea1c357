/**
 * Programs on two threads and the main one, each with a race, and its twin that has none. `node
 * planted.ts` runs them all under ATONCE_DEBUG=races, and says between them which comes.
 */
import { writeSync } from 'node:fs'
import { Channel, type Executor, threads } from '../../src/index.ts'
import { isolate } from '../../src/isolates.ts'
import { parallelFor } from '../../src/parallel.ts'
import {
  AtomicCounter,
  Barrier,
  Condition,
  Event,
  Latch,
  Mutex,
  Once,
  ReentrantMutex,
  RwLock,
  Semaphore,
  SharedArray,
  shared,
} from '../../src/sync.ts'
import * as tasks from './tasks.ts'

interface Planted {
  readonly name: string
  /** Of one that only looks like a race: false. */
  readonly isRace?: boolean
  /** `racy` says which of the twins. */
  readonly run: (left: Executor, right: Executor, racy: boolean) => Promise<unknown>
}

const numbers = () => new SharedArray('i32', 8)
const pages = () => shared({ hits: 'u32', title: 'text(16)', lock: 'mutex' }, 4)

/** A call leaves before the event loop goes on, so before its answer can be heard. */
async function hasLeft(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await undefined
}

export const planted: readonly Planted[] = [
  {
    name: 'view[0] += 1 on two threads',
    run(left, right, racy) {
      const [array, mutex] = [numbers(), new Mutex()]
      return racy
        ? Promise.all([left.run(tasks.increment, array), right.run(tasks.increment, array)])
        : Promise.all([
            left.run(tasks.incrementLocked, array, mutex),
            right.run(tasks.incrementLocked, array, mutex),
          ])
    },
  },
  {
    name: 'a reader that does not wait for the writer',
    async run(left, right, racy) {
      const array = numbers()
      const writing = left.run(tasks.increment, array)
      if (!racy) await writing
      await Promise.all([writing, right.run(tasks.read, array)])
    },
  },
  {
    name: 'the caller writes after it has called',
    async run(left, _right, racy) {
      const array = numbers()
      if (!racy) array.view[0] = 5
      const reading = left.run(tasks.read, array)
      await hasLeft()
      if (racy) array.view[0] = 5
      await reading
    },
  },
  {
    name: 'the caller reads before the answer',
    async run(left, _right, racy) {
      const array = numbers()
      const writing = left.run(tasks.increment, array)
      if (!racy) await writing
      await hasLeft()
      // The task's write may come first or second: it is the missing order that counts.
      void array.view[0]
      await writing
    },
  },
  {
    name: 'one locks, the other does not',
    run(left, right, racy) {
      const [array, mutex] = [numbers(), new Mutex()]
      return Promise.all([
        left.run(tasks.incrementLocked, array, mutex),
        racy ? right.run(tasks.increment, array) : right.run(tasks.incrementLocked, array, mutex),
      ])
    },
  },
  {
    name: 'two locks for one number',
    run(left, right, racy) {
      const [array, mutex] = [numbers(), new Mutex()]
      const other = racy ? new Mutex() : mutex
      return Promise.all([
        left.run(tasks.incrementLocked, array, mutex),
        right.run(tasks.incrementLocked, array, other),
      ])
    },
  },
  {
    name: 'two reentrant locks for one number',
    run(left, right, racy) {
      const [array, mutex] = [numbers(), new ReentrantMutex()]
      const other = racy ? new ReentrantMutex() : mutex
      return Promise.all([
        left.run(tasks.incrementReentered, array, mutex),
        right.run(tasks.incrementReentered, array, other),
      ])
    },
  },
  {
    name: 'tryAcquire, and on without the lock',
    async run(left, right, racy) {
      const [array, mutex] = [numbers(), new Mutex()]
      using _held = mutex.tryAcquire()
      await Promise.all([
        left.run(tasks.incrementTried, array, mutex, !racy),
        right.run(tasks.incrementTried, array, mutex, !racy),
      ])
    },
  },
  {
    name: 'Atomics on one side alone',
    run(left, right, racy) {
      const array = numbers()
      return Promise.all([left.run(tasks.add, array), right.run(racy ? tasks.increment : tasks.add, array)])
    },
  },
  {
    name: 'a plain word says that the data is there',
    run(left, right, racy) {
      const array = numbers()
      return Promise.all([left.run(tasks.publish, array, !racy), right.run(tasks.consume, array, !racy)])
    },
  },
  {
    name: 'a word of other memory is set too early',
    run(left, right, racy) {
      const [array, words] = [numbers(), new Int32Array(new SharedArrayBuffer(4))]
      return Promise.all([
        left.run(tasks.publishAside, array, words, racy),
        right.run(tasks.consumeAside, array, words),
      ])
    },
  },
  {
    name: 'to write with a lock for reading',
    run(left, right, racy) {
      const [array, lock] = [numbers(), new RwLock()]
      const how = racy ? 'read' : 'write'
      return Promise.all([
        left.run(tasks.writeUnder, array, lock, how),
        right.run(tasks.writeUnder, array, lock, how),
      ])
    },
  },
  {
    name: 'a semaphore of two permits as a lock',
    async run(left, right, racy) {
      const [array, has, go] = [numbers(), new Event(), new Event()]
      const semaphore = new Semaphore(racy ? 2 : 1)
      const first = left.run(tasks.writeWithPermit, array, semaphore, has, racy ? go : undefined)
      await has.wait()
      await Promise.all([first, right.run(tasks.writeWithPermit, array, semaphore, go, undefined)])
    },
  },
  {
    name: 'an event that is set too early',
    run(left, right, racy) {
      const [array, event] = [numbers(), new Event()]
      return Promise.all([
        left.run(tasks.writeAndSet, array, event, racy),
        right.run(tasks.readAfter, array, event),
      ])
    },
  },
  {
    name: 'a latch that is counted down too early',
    run(left, right, racy) {
      const [array, latch] = [numbers(), new Latch(2)]
      return Promise.all([
        left.run(tasks.writeAndCount, array, latch, 0, racy),
        right.run(tasks.writeAndCount, array, latch, 1, racy),
      ])
    },
  },
  {
    name: 'a round without its barrier',
    run(left, right, racy) {
      const [array, barrier] = [numbers(), new Barrier(2)]
      return Promise.all([
        left.run(tasks.swap, array, barrier, 0, !racy),
        right.run(tasks.swap, array, barrier, 1, !racy),
      ])
    },
  },
  {
    name: 'what a condition is about, changed without its mutex',
    async run(left, right, racy) {
      const [array, ready] = [numbers(), new Event()]
      const condition = new Condition(new Mutex())
      const taking = right.run(tasks.takeFromQueue, array, condition, ready)
      await ready.wait()
      await Promise.all([taking, left.run(tasks.fillQueue, array, condition, !racy)])
    },
  },
  {
    name: 'a table that is filled by whoever finds it empty',
    run(left, right, racy) {
      const [array, once] = [numbers(), new Once()]
      return Promise.all([
        left.run(tasks.useTable, array, once, !racy),
        right.run(tasks.useTable, array, once, !racy),
      ])
    },
  },
  {
    name: 'a field of one record',
    run(left, right, racy) {
      const records = pages()
      return Promise.all([left.run(tasks.hit, records, 1, !racy), right.run(tasks.hit, records, 1, !racy)])
    },
  },
  {
    name: 'a text of one record',
    run(left, right, racy) {
      const records = pages()
      return Promise.all([
        left.run(tasks.rename, records, 1, 'left'),
        right.run(tasks.rename, records, racy ? 1 : 2, 'right'),
      ])
    },
  },
  {
    name: 'a sum over records that change',
    run(left, right, racy) {
      const records = pages()
      return Promise.all([left.run(tasks.hit, records, 3, true), right.run(tasks.sumHits, records, !racy)])
    },
  },
  {
    name: 'a loop that reads what its neighbours write',
    async run(_left, _right, racy) {
      await using pool = threads({ workers: 2 })
      const from = SharedArray.from('i32', [1, 2, 3, 4, 5, 6, 7, 8])
      const to = racy ? from : numbers()
      await pool.runOnEach(tasks.read, from) // A worker that starts late is given its part late.
      await parallelFor(pool, { to: 8, schedule: 'static' }, tasks.smooth, from, to, new Event())
    },
  },
  {
    name: 'an item that is sent before the data is there',
    async run(left, right, racy) {
      const [array, channel, seen] = [numbers(), new Channel<string>(1), new Event()]
      await Promise.all([
        left.run(tasks.sendNumbers, array, channel.sender, seen, racy),
        right.run(tasks.awaitNumbers, array, channel.receiver, seen),
      ])
    },
  },
  {
    name: 'parts that overlap',
    run(left, right, racy) {
      const array = numbers()
      return Promise.all([
        left.run(tasks.fillPart, array, 0, racy ? 5 : 4),
        right.run(tasks.fillPart, array, 4, 8),
      ])
    },
  },
  {
    name: 'progress that is told too early',
    async run(left, _right, racy) {
      const array = numbers()
      const call = left.run(tasks.report, array, racy)
      call.onProgress(() => void array.view[0])
      await call
    },
  },
  {
    name: 'an isolate beside its caller',
    async run(_left, _right, racy) {
      const array = numbers()
      await using other = isolate()
      await other.call(tasks.read, array) // It has started.
      const call = other.call(tasks.increment, array)
      if (!racy) await call
      await hasLeft()
      array.view[0] = 1
      await call
    },
  },
  {
    name: 'a view passed by itself',
    async run(left, _right, racy) {
      const array = numbers()
      const reading = left.run(tasks.readBare, array.view)
      if (!racy) await reading
      await hasLeft()
      array.view[0] = 1
      await reading
    },
  },
  {
    name: 'a counter that loses counts, and is ordered all the same',
    isRace: false,
    async run(left, right, racy) {
      const counter = new AtomicCounter()
      await Promise.all([
        left.run(tasks.countWith, counter, !racy),
        right.run(tasks.countWith, counter, !racy),
      ])
    },
  },
]

if (import.meta.main) {
  await using left = threads({ workers: 1, name: 'left' })
  await using right = threads({ workers: 1, name: 'right' })
  for (const { name, run } of planted)
    for (const racy of [false, true]) {
      writeSync(2, `== ${racy ? 'racy' : 'clean'}: ${name}\n`)
      await run(left, right, racy)
    }
  writeSync(2, '== end\n')
}
