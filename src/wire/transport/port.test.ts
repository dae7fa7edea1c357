/**
 * Two ends between threads: messages on a port, small things on rings beside it, all in one order.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import fc from 'fast-check'
import type { RunMessage } from '../messages.ts'
import { hear, type Port, sharedRings } from './port.ts'
import { PortCaller, type PortCallerEar } from './port-caller.ts'
import { PortWorker, type PortWorkerEar } from './port-worker.ts'

type Ear = PortCallerEar & PortWorkerEar

const deaf: Ear = {
  message() {},
  run() {},
  done() {},
  garbled() {},
  closed() {},
  awake() {},
  patience: () => 0,
}

/** What an end hears, one entry for each, in order. */
function listener(): Ear & { readonly heard: unknown[] } {
  const heard: unknown[] = []
  return {
    heard,
    message: message => void heard.push(message),
    run: (seq, ref, args) => void heard.push({ seq, ref, args }),
    done: (seq, workMs, value) => void heard.push({ seq, workMs, value }),
    garbled: what => void heard.push(`garbled: ${what}`),
    closed() {},
    awake() {},
    patience: () => 0,
  }
}

/** What must be closed whatever becomes of the test, or its process would stay. */
const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

/** A caller's end and a worker's that are connected, and their ports. */
function connected(callerEar: PortCallerEar, workerEar: PortWorkerEar) {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  const rings = sharedRings()
  const near = new PortCaller(port1, callerEar, rings)
  const far = new PortWorker(port2, workerEar, rings)
  return { near, far, port1, port2, rings }
}

/** Lets the messages of the ports arrive. */
async function turns(count = 2): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(resolve => setImmediate(resolve))
}

function callOf(seq: number, args: unknown = []): RunMessage {
  return { kind: 'run', seq, ref: 1, args, special: false, chunk: false, attempt: 1 }
}

test('messages arrive in their order, and what moves is gone here', async () => {
  const heard: unknown[] = []
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const { near, far } = connected(deaf, {
    ...deaf,
    message: message => {
      heard.push(message)
      if (heard.length === 3) resolve()
    },
  })
  const bytes = Uint8Array.of(1, 2)
  near.send('first')
  near.send({ bytes }, [bytes.buffer])
  near.send(new Map([[1n, undefined]]))
  await all
  assert.deepEqual(heard, ['first', { bytes: Uint8Array.of(1, 2) }, new Map([[1n, undefined]])])
  assert.equal(bytes.length, 0)
  far.close()
})

test('a worker’s end hears that the other has closed', async () => {
  const ends: string[] = []
  const { near, port1, port2 } = connected(deaf, { ...deaf, closed: () => ends.push('far') })
  const both = Promise.all([once(port1, 'close'), once(port2, 'close')])
  near.close()
  await both
  assert.deepEqual(ends, ['far'])
})

test('drain delivers at once what has arrived, from the port and from the ring, and only once', async () => {
  const ear = listener()
  const { near, far, port1 } = connected(ear, deaf)
  far.send(1)
  far.send(2)
  assert.ok(far.tryDone(7, 0.5, 'answer', false))
  near.drain()
  assert.deepEqual(new Set(ear.heard), new Set([1, 2, { seq: 7, workMs: 0.5, value: 'answer' }]))
  assert.ok(ear.heard.indexOf(1) < ear.heard.indexOf(2))
  const closed = once(port1, 'close')
  near.close()
  await closed
  assert.equal(ear.heard.length, 3)
})

test('a message that can’t be copied is refused by its sender, with nothing sent', () => {
  const ear = listener()
  const { near, far } = connected(deaf, ear)
  assert.throws(() => near.send({ before: 1, fn: () => {} }), /could not be cloned/)
  assert.throws(() => near.sendCall(callOf(1, [() => {}])), /could not be cloned/)
  near.send('after')
  far.readMessages()
  assert.deepEqual(ear.heard, ['after'])
  far.close()
})

/**
 * How a step reaches the other side: as a call on the fast lane, as a call by message, as another
 * message; or it is read, or all of it.
 */
const step = fc.constantFrom('fast', 'message', 'other', 'poll', 'sleep', 'turn')

test('calls keep their order, whichever lane each of them takes and whenever they are read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const calls: number[] = []
      const others: number[] = []
      const { near, far } = connected(deaf, {
        ...deaf,
        run: seq => calls.push(seq),
        message: message => {
          const { kind, seq } = message as { kind: string; seq: number }
          ;(kind === 'run' ? calls : others).push(seq)
        },
        awake: () => {}, // It reads when a step says so.
        garbled: what => assert.fail(what),
      })
      let seq = 0
      for (const kind of steps) {
        if (kind === 'poll') far.poll()
        else if (kind === 'sleep') sleep(far)
        else if (kind === 'turn') await turns(1)
        else {
          seq += 1
          if (kind === 'fast') {
            assert.ok(near.tryRun(seq, 1, [seq, 'x']))
            if (seq % 3 === 0) near.flush()
          } else kind === 'message' ? near.sendCall(callOf(seq)) : near.send({ kind: 'other', seq })
        }
      }
      near.flush()
      await turns()
      do far.poll()
      while (!far.trySleep())
      assert.deepEqual(
        calls,
        [...calls].sort((a, b) => a - b),
      )
      assert.deepEqual(
        others,
        [...others].sort((a, b) => a - b),
      )
      assert.equal(calls.length + others.length, seq)
      near.close()
    }),
    { numRuns: 60 },
  )
})

test('a full ring refuses calls, and those that go by message instead still come after them', async () => {
  const ear = listener()
  const { near, far } = connected(deaf, ear)
  let seq = 1
  while (near.tryRun(seq, 1, [seq])) seq += 1
  const firstByMessage = seq
  for (; seq < firstByMessage + 512; seq += 1) near.sendCall(callOf(seq))
  assert.equal(near.tryRun(seq, 1, [seq]), false)
  near.flush()
  await turns()
  while (far.poll() > 0) {}
  assert.deepEqual(
    ear.heard.map(heard => (heard as { seq: number }).seq),
    Array.from({ length: seq - 1 }, (_, at) => at + 1),
  )
  assert.ok(near.tryRun(seq, 1, [seq]), 'there is room again')
  near.close()
})

test('calls that the fast lane does not take keep their place among the others, and are looked for when all have left', () => {
  const ear = listener()
  const { near, far } = connected(deaf, ear)
  assert.ok(near.tryRun(1, 1, ['fast']))
  const calls = [2, 3].map(seq => callOf(seq, new Map([[seq, 'x']])))
  near.sendCall(calls[0] as RunMessage)
  assert.ok(near.tryRun(9, 1, ['fast, too']))
  const rich = { ...callOf(4, 'rich'), attempt: 3, stores: [{ ref: 1, value: 'store', special: false }] }
  const stream = { ...callOf(5, 'stream'), special: true, chunk: true, credit: 7 }
  for (const call of [calls[1] as RunMessage, rich, stream]) near.sendCall(call)
  assert.equal(far.poll(), 0, 'they have not left')
  near.flush()
  far.poll()
  assert.deepEqual(ear.heard, [
    { seq: 1, ref: 1, args: ['fast'] },
    calls[0],
    { seq: 9, ref: 1, args: ['fast, too'] },
    calls[1],
    rich,
    stream,
  ])
  near.close()
})

test('who was told that the lane is full hears that it is not when half of it is free', () => {
  const { near, far } = connected(deaf, listener())
  const args = ['x'.repeat(500)]
  let seq = 1
  assert.equal(near.congested, false)
  while (near.tryRun(seq, 1, args)) seq += 1
  assert.equal(near.congested, true)
  near.flush()
  far.poll()
  assert.equal(near.congested, false)
  assert.equal(near.tryRun(1, 1, [new Map()]), false)
  assert.equal(near.congested, false, 'there is room, but it is not for that')
  near.close()
})

test('a list from a side that sends no calls is a message like any other', async () => {
  const ear = listener()
  const { near, far } = connected(ear, deaf)
  far.send([[1]])
  await turns()
  assert.deepEqual(ear.heard, [[[1]]])
  near.close()
})

test('markers that find no room are written when there is some: no call is lost, and none is out of order', async () => {
  const calls: number[] = []
  const { near, far } = connected(deaf, {
    ...deaf,
    run: seq => void calls.push(seq),
    message: message => void calls.push((message as { seq: number }).seq),
    awake: () => {}, // It reads when this test says so.
  })
  let seq = 1
  while (near.tryRun(seq, 1, ['x'.repeat(500)])) seq += 1
  near.flush()
  const few = seq
  for (; seq < few + 2_000; seq += 1) near.sendCall(callOf(seq))
  await turns()
  far.poll()
  assert.ok(calls.length < seq - 1, 'not all markers have found room')
  assert.equal(near.tryRun(seq, 1, []), false, 'what comes after them is posted too')
  near.sendCall(callOf(seq))
  while (calls.length < seq) {
    await turns()
    far.poll()
  }
  assert.deepEqual(
    calls,
    Array.from({ length: seq }, (_, at) => at + 1),
  )
  assert.equal(near.tryRun(seq + 1, 1, []), true)
  near.close()
})

test('what storages held goes with a call of the fast lane, and is none of its arguments', () => {
  const ear = listener()
  const stores: unknown[] = []
  const { near, far } = connected(deaf, {
    ...ear,
    run(seq, ref, args, held) {
      ear.run(seq, ref, args)
      stores.push(held)
    },
  })
  near.tryRun(1, 7, ['x'], [1, 'store', 2, null])
  near.tryRun(2, 7, [['x']])
  near.flush()
  far.poll()
  assert.deepEqual(ear.heard, [
    { seq: 1, ref: 7, args: ['x'] },
    { seq: 2, ref: 7, args: [['x']] },
  ])
  assert.deepEqual(stores, [[1, 'store', 2, null], undefined])
  near.close()
})

test('what does not fit the fast lane is refused there: the caller sends a message', () => {
  const { near, far } = connected(deaf, listener())
  for (const args of [[new Map()], [1n], ['x'.repeat(513)], [new (class Point {})()]]) {
    assert.equal(near.tryRun(1, 1, args), false)
    assert.equal(far.tryDone(1, 1, args[0], false), false)
  }
  far.close()
})

/** Sleeps once all has been read, as the worker does. */
function sleep(end: PortWorker): void {
  do end.poll()
  while (!end.trySleep())
}

test('a call by message to one who sleeps is one message and no record: it wakes, ahead of what follows', async () => {
  const ear = listener()
  const { near, far, port2 } = connected(deaf, ear)
  const posted: unknown[] = []
  port2.on('message', message => posted.push(message))
  for (let round = 0; round < 3; round += 1) {
    sleep(far)
    near.sendCall(callOf(round * 3 + 1, 'by message'))
    near.tryRun(round * 3 + 2, 1, ['after it'])
    near.sendCall(callOf(round * 3 + 3))
    near.flush()
    assert.equal(far.poll(), 3, 'one who wakes by itself hears the bell first')
    await turns()
  }
  assert.deepEqual(
    ear.heard.map(heard => (heard as { seq: number }).seq),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  sleep(far)
  near.sendCall(callOf(10))
  await turns()
  assert.deepEqual([ear.heard.length, posted.length], [10, 1], 'one message, by its event')
  assert.equal(far.poll(), 0)
  near.close()
})

test('a call that can’t be copied does not leave the other side asleep for those after it', async () => {
  const ear = listener()
  let bells = 0
  const { near, far } = connected(deaf, {
    ...ear,
    awake: () => {
      bells += 1
      far.poll()
    },
  })
  sleep(far)
  assert.throws(() => near.sendCall(callOf(1, [() => {}])), /could not be cloned/)
  near.tryRun(2, 1, [])
  near.flush()
  await turns()
  assert.deepEqual([bells, ear.heard], [1, [{ seq: 2, ref: 1, args: [] }]])
  near.close()
})

test('one who sleeps is woken by one bell, however much is written before it wakes', async () => {
  let bells = 0
  const ear = listener()
  const { near, far } = connected(deaf, {
    ...ear,
    awake: () => {
      bells += 1
    },
  })
  sleep(far)
  for (let seq = 1; seq <= 100; seq += 1) near.tryRun(seq, 1, [])
  await turns()
  assert.equal(bells, 0, 'they have not left')
  near.flush()
  await turns()
  assert.equal(bells, 1)
  near.tryRun(101, 1, [])
  near.flush()
  await turns()
  assert.equal(bells, 1, 'it is awake')
  sleep(far)
  assert.equal(ear.heard.length, 101)
  near.tryRun(102, 1, [])
  near.flush()
  await turns()
  assert.equal(bells, 2)
  near.close()
})

test('an end that spins reads what has come, nobody rings for it, and it gives up when nothing comes', () => {
  const ear = listener()
  const ends = connected(deaf, ear)
  assert.equal(ends.far.spin(0.05), 0)
  ends.near.tryRun(1, 1, ['a'])
  ends.near.tryRun(2, 1, ['b'])
  ends.near.flush()
  assert.equal(ends.far.spin(60_000), 2)
  assert.deepEqual(ear.heard.length, 2)
  assert.equal(receiveMessageOnPort(ends.port2), undefined)
  ends.near.tryRun(3, 1, ['c'])
  ends.near.flush()
  assert.equal(ends.far.spin(0), 0)
})

test('an end that listens hears all that comes, now and later', async () => {
  const ear = listener()
  const { near, far } = connected(ear, deaf)
  near.listen()
  for (let round = 0; round < 5; round += 1) {
    for (let seq = 0; seq < 300; seq += 1) assert.ok(far.tryDone(round * 300 + seq, 0, undefined, false))
    await turns(4)
    assert.equal(ear.heard.length, (round + 1) * 300)
  }
  near.close()
})

test('an end that listens lets the loop go round between many records, and hears all of them', async () => {
  const ear = listener()
  const { near, far } = connected(ear, deaf)
  let sent = 0
  while (far.tryDone(sent, 0, null, false)) sent += 1
  near.listen()
  assert.ok(ear.heard.length > 0 && ear.heard.length < sent, `${ear.heard.length} of ${sent} at once`)
  await turns(Math.ceil(sent / 1_000) + 2)
  assert.equal(ear.heard.length, sent)
  near.close()
})

test('each result says whether another one is here already; the last of those that are does not', () => {
  const more: boolean[] = []
  const { near, far } = connected(
    { ...deaf, done: (_seq, _workMs, _value, follows) => void more.push(follows) },
    deaf,
  )
  for (let seq = 0; seq < 3; seq += 1) far.tryDone(seq, 0, null, true)
  near.listen()
  far.tryDone(3, 0, null, false)
  near.listen()
  assert.deepEqual(more, [true, true, false, false])
  near.close()
})

test('a patient end is woken once for many results: when it has enough, or when there are no more for now', async () => {
  const ear = listener()
  const { near, far, port1 } = connected({ ...ear, patience: () => 100 }, deaf)
  let bells = 0
  port1.on('message', () => {
    bells += 1
  })
  near.listen()
  for (let seq = 0; seq < 150; seq += 1) far.tryDone(seq, 0, seq, true)
  await turns()
  assert.deepEqual([bells, ear.heard.length], [1, 150], 'it had enough')
  for (let seq = 0; seq < 5; seq += 1) far.tryDone(seq, 0, seq, true)
  far.flush()
  await turns()
  assert.deepEqual([bells, ear.heard.length], [2, 155], 'nothing follows')
  for (let seq = 0; seq < 5; seq += 1) far.tryDone(seq, 0, seq, seq < 4)
  await turns()
  assert.deepEqual([bells, ear.heard.length], [3, 160], 'the last one said that nothing follows')
  near.close()
})

test('a patient end does not wait for ever: the other side may be held up between two results', async () => {
  const arrived = Promise.withResolvers<number>()
  const ear: PortCallerEar = { ...deaf, done: seq => arrived.resolve(seq), patience: () => 100 }
  const { near, far, port1 } = connected(ear, deaf)
  near.listen()
  port1.ref() // What waits for it does not keep the program alive.
  far.tryDone(7, 0, 'early', true)
  assert.equal(await arrived.promise, 7)
  near.close()
})

test('what was written before a message is heard before it', async () => {
  const ear = listener()
  const { near, far } = connected({ ...ear, patience: () => 100 }, deaf)
  near.listen()
  far.tryDone(1, 0, 'result', true)
  far.send('message')
  await turns()
  assert.deepEqual(ear.heard, [{ seq: 1, workMs: 0, value: 'result' }, 'message'])
  near.close()
})

test('a marker whose call never came is told of, and is not waited for', () => {
  const ear = listener()
  const one = connected(deaf, deaf)
  // The other end of this ring belongs to another port: the marker arrives, its call does not.
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  const far = new PortWorker(port1, ear, one.rings)
  one.near.sendCall(callOf(1))
  one.near.flush()
  far.poll()
  assert.match(String(ear.heard), /^garbled: .*a marker without its call/)
  assert.ok(far.trySleep())
  one.near.close()
  port2.close()
})

test('memory that somebody else has written into is told of once, and read no further', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(60), (garbage, at) => {
      const ear = listener()
      const { near, far, rings } = connected(deaf, ear)
      for (let seq = 1; seq <= 4; seq += 1) near.tryRun(seq, 1, ['x'])
      near.flush()
      rings.toWorker.bytes.set(garbage, at)
      far.poll()
      assert.equal(far.poll(), 0)
      assert.ok(far.trySleep())
      const garbled = ear.heard.filter(heard => typeof heard === 'string')
      assert.ok(garbled.length <= 1 && ear.heard.length <= 5)
      if (garbled.length === 1) assert.equal(ear.heard.at(-1), garbled[0])
      near.close()
    }),
    { numRuns: 300 },
  )
})

test('an error of the receiver is its own, and no fault of the ring', () => {
  const { near, far } = connected(deaf, {
    ...deaf,
    run() {
      throw new RangeError('of the receiver')
    },
  })
  near.tryRun(1, 1, [])
  near.flush()
  assert.throws(() => far.poll(), /of the receiver/)
  near.close()
})

test('a port is heard each time, whatever options somebody has put on Object.prototype', async () => {
  const hostile = { once: true, capture: true, passive: true }
  const { port1, port2 } = new MessageChannel()
  const heard: unknown[] = []
  const all = new Promise<void>(resolve => {
    Object.assign(Object.prototype, hostile)
    try {
      hear(port1 as Port, 'message', message => {
        heard.push(message)
        if (heard.length === 3) resolve()
      })
    } finally {
      for (const name of Object.keys(hostile)) delete (Object.prototype as Record<string, unknown>)[name]
    }
  })
  for (const n of [1, 2, 3]) port2.postMessage(n)
  await all
  port1.close()
  assert.deepEqual(heard, [1, 2, 3])
})
