/** Shared memory by numbers: posted at the second time, known from then on, and let go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { forgetting, isMemoryLesson, LearntMemories, type MemoryLesson, TaughtMemories } from './memories.ts'
import { sharedRings } from './port.ts'
import { PortCaller } from './port-caller.ts'
import { PortWorker } from './port-worker.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const deaf = { message() {}, run() {}, done() {}, garbled() {}, closed() {} }

test('a memory that was seen once is not worth a number; from the second time on it has one', () => {
  const lessons: MemoryLesson[] = []
  const taught = new TaughtMemories(
    lesson => lessons.push(lesson),
    () => {},
  )
  const [one, other] = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)]
  assert.equal(taught.numberOf(one), undefined)
  assert.equal(taught.numberOf(other), undefined)
  assert.deepEqual(lessons, [])
  assert.equal(taught.numberOf(one), 1)
  assert.equal(taught.numberOf(one), 1)
  assert.equal(taught.numberOf(other), 2)
  assert.deepEqual(lessons, [
    ['memory', 1, one],
    ['memory', 2, other],
  ])
})

test('a lesson that could not be given is given the next time', () => {
  let fails = true
  const taught = new TaughtMemories(
    () => {
      if (fails) throw new Error('not now')
    },
    () => {},
  )
  const memory = new SharedArrayBuffer(8)
  taught.numberOf(memory)
  assert.throws(() => taught.numberOf(memory), /not now/)
  fails = false
  assert.equal(taught.numberOf(memory), 1)
})

test('the last lesson about a number is that it stands for nothing', () => {
  const learnt = new LearntMemories()
  const memory = new SharedArrayBuffer(8)
  learnt.learn(['memory', 1, memory])
  assert.equal(learnt.get(1), memory)
  learnt.learn(forgetting(1))
  assert.equal(learnt.get(1), undefined)
})

/** Two ends; what the far one hears of calls, and what is on its port. */
function connected(garbled: (what: string) => void = assert.fail) {
  const { port1, port2 } = new MessageChannel()
  const rings = sharedRings()
  const heard: unknown[][] = []
  const near = new PortCaller(port1, { ...deaf, patience: () => 0 }, rings)
  const far = new PortWorker(
    port2,
    {
      ...deaf,
      awake() {},
      run: (_seq: number, _ref: number, args: unknown[]) => void heard.push(args),
      garbled,
    },
    rings,
  )
  return { near, far, heard, port2, [Symbol.dispose]: () => near.close() }
}

function call(near: PortCaller, seq: number, ...args: unknown[]): boolean {
  const taken = near.tryRun(seq, 1, args)
  near.flush()
  return taken
}

test('views on one memory, and the memory itself, arrive by its number, wherever on it they lie', () => {
  using ends = connected()
  const { near, far, heard } = ends
  const memory = new SharedArrayBuffer(64)
  const views = [new Float64Array(memory), new Uint8Array(memory, 3, 5), new BigInt64Array(memory, 8)]
  assert.equal(call(near, 1, memory), false)
  assert.equal(call(near, 2, { views }, memory), true)
  assert.equal(far.poll(), 1)
  const [{ views: arrived }, itself] = heard[0] as [{ views: typeof views }, SharedArrayBuffer]
  assert.deepEqual(
    arrived.map(view => [Object.getPrototypeOf(view), view.byteOffset, view.length]),
    views.map(view => [Object.getPrototypeOf(view), view.byteOffset, view.length]),
  )
  for (const { buffer } of arrived) assert.equal(buffer, itself)
  views[1]?.fill(7 as never)
  assert.deepEqual(new Uint8Array(itself), new Uint8Array(memory), 'it is the same memory')
})

test('memory that can grow, and a view of a subclass, go by message each time', () => {
  using ends = connected()
  const { near } = ends
  class Mine extends Uint8Array<SharedArrayBuffer> {}
  const growing = new SharedArrayBuffer(8, { maxByteLength: 16 })
  const fixed = new SharedArrayBuffer(8)
  for (const value of [growing, new Uint8Array(growing), new Mine(fixed), new DataView(fixed)])
    for (let time = 1; time <= 3; time += 1) assert.equal(call(near, time, value), false)
})

test('a number that nobody was told of is not a record', () => {
  const garbled: string[] = []
  using ends = connected(what => garbled.push(what))
  const { near, far, port2 } = ends
  const memory = new SharedArrayBuffer(8)
  call(near, 1, memory)
  assert.equal(call(near, 2, memory), true)
  receiveMessageOnPort(port2) // The lesson is lost.
  far.poll()
  assert.match(String(garbled), /no shared memory 1/)
})

test('memory that its sender has no more is let go on the other side, but not before the ring was read', async () => {
  using ends = connected()
  const { near, far, heard, port2 } = ends
  const lessons: unknown[] = []
  port2.on('message', message => {
    if (isMemoryLesson(message) && message.length === 2) lessons.push(message[1])
  })
  ;(() => {
    const memory = new SharedArrayBuffer(8)
    call(near, 1, memory)
    call(near, 2, memory)
  })()
  for (let time = 0; time < 20; time += 1) {
    collect()
    await turn()
  }
  assert.deepEqual(lessons, [], 'a record that names it was not read')
  assert.equal(far.poll(), 1)
  const [[arrived]] = heard as [[SharedArrayBuffer]]
  assert.equal(arrived.byteLength, 8)
  const until = performance.now() + 10_000
  while (lessons.length === 0 && performance.now() < until) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.deepEqual(lessons, [1])
})
