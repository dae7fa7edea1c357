/**
 * A queue on shared memory: order, its end and its beginning again, fullness, and the bell that is
 * never lost.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import type { CompactReader } from '../compact/reader.ts'
import type { CompactWriter } from '../compact/writer.ts'
import { NoRecord, type RingMemory, RingReader, RingWriter, ringMemory } from './ring.ts'

/** A record of any length: a number, and so many bytes after it. */
function writeFilled(to: CompactWriter, number: number, bytes: number): boolean {
  to.int32(number)
  to.int32(bytes)
  for (let left = bytes; left > 0; left -= 1) to.byte(number & 0xff)
  return true
}

function readFilled(from: CompactReader): { number: number; bytes: number } {
  const [number, bytes] = [from.int32(), from.int32()]
  for (let left = bytes; left > 0; left -= 1) assert.equal(from.byte(), number & 0xff)
  return { number, bytes }
}

function refuse(to: CompactWriter): boolean {
  to.int32(-1)
  return false
}

const longest = 2_048 - 4 - 8
const capacity = 8_192

/** Both sides of a ring whose counters stand at `at`. */
function ringAt(
  at: number,
  capacityBytes = capacity,
): { memory: RingMemory; writer: RingWriter; reader: RingReader } {
  const memory = ringMemory(capacityBytes, at)
  return { memory, writer: new RingWriter(memory), reader: new RingReader(memory) }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write'), bytes: fc.nat(longest) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write'), bytes: fc.nat(40) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read'), bytes: fc.constant(0) }) },
  fc.record({ kind: fc.constant('refused'), bytes: fc.constant(0) }),
)
/**
 * Where the counters start: anywhere in the ring, and where they pass beyond the largest and
 * smallest numbers of a word.
 */
const start = fc.oneof(
  fc.nat(capacity / 4 - 1).map(at => at * 4),
  fc.nat(capacity / 4).map(at => 2 ** 31 - at * 4 - 4),
  fc.nat(capacity / 4).map(at => -at * 4),
)

test('what is written is read once and in order, wherever the ring begins again', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 60 }), (at, steps) => {
      const { writer, reader } = ringAt(at)
      const list: { number: number; bytes: number }[] = []
      let number = 0
      for (const { kind, bytes } of steps) {
        if (kind === 'write') {
          number += 1
          if (writer.tryWrite(writeFilled, 0, number, bytes, undefined)) list.push({ number, bytes })
        } else if (kind === 'refused') assert.equal(writer.tryWrite(refuse, 0, 0, 0, 0), false)
        else assert.deepEqual(reader.next(readFilled), list.shift())
      }
      for (const record of list) assert.deepEqual(reader.next(readFilled), record)
      assert.equal(reader.next(readFilled), undefined)
      assert.ok(writer.tryWrite(writeFilled, 0, 1, longest, undefined), 'an empty ring has room')
    }),
    { numRuns: 500 },
  )
})

test('at every offset a ring takes long and short records, and begins again where the rest is too short', () => {
  for (let at = 0; at < capacity; at += 4) {
    const { writer, reader } = ringAt(at)
    for (const [number, bytes] of [longest, 0, 1].entries())
      assert.ok(writer.tryWrite(writeFilled, 0, number, bytes, undefined), `at ${at}`)
    for (const [number, bytes] of [longest, 0, 1].entries())
      assert.deepEqual(reader.next(readFilled), { number, bytes }, `at ${at}`)
    assert.equal(reader.next(readFilled), undefined)
  }
})

test('a full ring refuses and stays as it is; each record that is read makes room', () => {
  for (const at of [0, 4, 4_000, capacity - 4, 2 ** 31 - 4]) {
    const { writer, reader } = ringAt(at)
    let written = 0
    while (writer.tryWrite(writeFilled, 0, written, 100, undefined)) written += 1
    assert.ok(written * 112 > capacity - 2 * 2_048 && written * 112 <= capacity, `${written} records`)
    for (let again = 0; again < 5; again += 1)
      assert.equal(writer.tryWrite(writeFilled, 0, -1, 0, undefined), false)
    for (let number = 0; number < written; number += 1)
      assert.deepEqual(reader.next(readFilled), { number, bytes: 100 })
    assert.equal(reader.next(readFilled), undefined)
    assert.ok(writer.tryWrite(writeFilled, 0, 0, 100, undefined))
  }
})

test('a reserve is kept free by those who ask for it, and used by those who do not', () => {
  const { writer } = ringAt(0)
  let written = 0
  while (writer.tryWrite(writeFilled, 4_096, 0, 100, undefined)) written += 1
  let more = 0
  while (writer.tryWrite(writeFilled, 0, 0, 100, undefined)) more += 1
  assert.ok(written > 0 && more * 112 >= 4_096 - 2_048, `${written} and ${more}`)
})

test('a record that its writer gives up is not there, though it was begun at the end of the ring', () => {
  const { writer, reader } = ringAt(capacity - 8)
  assert.equal(writer.tryWrite(refuse, 0, 0, 0, 0), false)
  assert.equal(reader.next(readFilled), undefined)
  assert.ok(reader.trySleep() || reader.next(readFilled) === undefined)
  assert.throws(() =>
    writer.tryWrite(
      () => {
        throw new RangeError('midway')
      },
      0,
      0,
      0,
      0,
    ),
  )
  assert.ok(writer.tryWrite(writeFilled, 0, 7, 3, undefined))
  assert.deepEqual(reader.next(readFilled), { number: 7, bytes: 3 })
})

test('a length that no writer has written is an error, not a loop', () => {
  for (const length of [0, -2, 1, 3, 6, 2_052, 2 ** 31 - 1, -(2 ** 31)]) {
    const { memory, writer, reader } = ringAt(0)
    writer.tryWrite(writeFilled, 0, 1, 0, undefined)
    new DataView(memory.bytes.buffer, memory.bytes.byteOffset).setInt32(0, length, true)
    assert.throws(() => reader.next(readFilled), NoRecord, `length ${length}`)
  }
})

test('who sleeps is rung for once; who finds a record instead does not sleep', () => {
  const { writer, reader } = ringAt(0)
  assert.equal(writer.mustRing(), false, 'nobody sleeps yet')
  assert.equal(reader.trySleep(), true)
  writer.tryWrite(writeFilled, 0, 1, 0, undefined)
  assert.deepEqual([writer.mustRing(), writer.mustRing()], [true, false])
  assert.equal(reader.trySleep(), false, 'a record is there')
  assert.equal(writer.mustRing(), false, 'it did not sleep')
  reader.next(readFilled)
  assert.equal(reader.trySleep(), true)
  assert.equal(writer.mustRing(), true)
})

test('who is patient is rung for when enough is there, or nothing more is to follow', () => {
  const { writer, reader } = ringAt(0)
  const write = () => writer.tryWrite(writeFilled, 0, 1, 0, undefined) // 12 bytes
  assert.equal(reader.trySleep(36), true)
  const rung = [1, 2, 3, 4].map(() => write() && writer.mustRing(true))
  assert.deepEqual(rung, [false, false, true, false])
  while (reader.next(readFilled) !== undefined);
  assert.equal(reader.trySleep(36), true)
  write()
  assert.deepEqual([writer.mustRing(true), writer.mustRing(), writer.mustRing()], [false, true, false])
  assert.equal(reader.trySleep(36), false, 'a record is there')
  assert.equal(writer.mustRing(), false, 'it did not sleep')
})

// ── every interleaving ──

/**
 * Two threads that run the ring's own code and stop before each access to a shared word. Here it is
 * decided who goes on: every order of accesses is tried, one after the other.
 */
const going = 0
const stopped = 1
const ended = 2
const sleeping = 3

const threadSource = `
const { workerData: { side, control, bells, memory, records, patienceBytes, ring, atomics } } = require('node:worker_threads')
const { registerHooks } = require('node:module')
const stop = as => {
  Atomics.store(control, side, as)
  Atomics.notify(control, side)
  while (Atomics.load(control, side) === as) Atomics.wait(control, side, as)
}
let stepping = false
globalThis.beforeAccess = () => { if (stepping) stop(${stopped}) }
registerHooks({
  load(url, context, next) {
    if (url !== atomics) return next(url, context)
    const access = name => 'export function ' + name + '(...args) { beforeAccess(); return Atomics.' + name + '(...args) }'
    return { format: 'module', shortCircuit: true, source: ['load', 'store', 'exchange', 'compareExchange'].map(access).join('\\n') }
  },
})
import(ring).then(({ RingWriter, RingReader }) => {
  for (;;) {
    stepping = false
    stop(${ended})
    const writer = new RingWriter(memory)
    const reader = new RingReader(memory)
    stepping = true
    if (side === 0) {
      for (let number = 1; number <= records; number += 1) {
        writer.tryWrite((to, value) => (to.int32(value), true), 0, number)
        if (writer.mustRing(patienceBytes > 0 && number < records)) Atomics.add(bells, 0, 1)
      }
    } else {
      for (let heard = 0; heard < records;) {
        const number = reader.next(from => from.int32())
        if (number !== undefined) {
          heard += 1
          if (number !== heard) Atomics.store(bells, 1, -1)
          else Atomics.store(bells, 1, heard)
        } else if (reader.trySleep(patienceBytes)) stop(${sleeping})
      }
    }
  }
})
`

class Stepped {
  readonly #control = new Int32Array(new SharedArrayBuffer(8))
  readonly #bells = new Int32Array(new SharedArrayBuffer(8))
  readonly #memory = ringMemory(4_096)
  readonly #threads: Worker[]

  constructor(records: number, patienceBytes: number) {
    this.#threads = [0, 1].map(
      side =>
        new Worker(threadSource, {
          eval: true,
          workerData: {
            side,
            control: this.#control,
            bells: this.#bells,
            memory: this.#memory,
            records,
            patienceBytes,
            ring: new URL('ring.ts', import.meta.url).href,
            atomics: new URL('../../runtime/atomics.ts', import.meta.url).href,
          },
        }),
    )
  }

  async ready(): Promise<void> {
    for (const side of [0, 1]) {
      while (Atomics.load(this.#control, side) === going)
        await Atomics.waitAsync(this.#control, side, going).value
    }
  }

  async end(): Promise<void> {
    for (const thread of this.#threads) await thread.terminate()
  }

  /**
   * Runs both sides in the order that `choose` gives; returns what the reader has heard, or -1 if
   * out of order.
   */
  run(choose: (sides: readonly number[]) => number): number {
    this.#memory.words.fill(0)
    this.#bells.fill(0)
    this.#goOn(0)
    this.#goOn(1)
    for (;;) {
      const sides = [0, 1].filter(side => this.#canGoOn(side))
      if (sides.length === 0) return Atomics.load(this.#bells, 1)
      const side = choose(sides)
      if (Atomics.load(this.#control, side) === sleeping) Atomics.sub(this.#bells, 0, 1)
      this.#goOn(side)
    }
  }

  #canGoOn(side: number): boolean {
    const state = Atomics.load(this.#control, side)
    return state === stopped || (state === sleeping && Atomics.load(this.#bells, 0) > 0)
  }

  #goOn(side: number): void {
    Atomics.store(this.#control, side, going)
    Atomics.notify(this.#control, side)
    // The notify that belongs to the last stop may come only now, and wake whoever waits for the
    // next one.
    while (Atomics.load(this.#control, side) === going) Atomics.wait(this.#control, side, going)
  }
}

/** Tries every order, by going back to the last choice that was not tried to its end. */
function everyOrder(stepped: Stepped, each: (heard: number, order: readonly number[]) => void): number {
  let runs = 0
  let taken: { sides: readonly number[]; at: number }[] = []
  for (;;) {
    let depth = 0
    const heard = stepped.run(sides => {
      taken[depth] ??= { sides, at: 0 }
      const { at } = taken[depth] as { at: number }
      depth += 1
      return sides[at] as number
    })
    runs += 1
    each(
      heard,
      taken.map(({ sides, at }) => sides[at] as number),
    )
    while (taken.length > 0 && (taken.at(-1) as { at: number }).at + 1 === taken.at(-1)?.sides.length)
      taken = taken.slice(0, -1)
    const last = taken.at(-1)
    if (last === undefined) return runs
    last.at += 1
  }
}

test('in every order of accesses the reader hears all, in order: no bell is lost', {
  timeout: 240_000,
}, async () => {
  for (const [records, patienceBytes, atLeast] of [
    [1, 0, 30],
    [2, 0, 400],
    [2, 1_000, 400],
  ] as const) {
    const stepped = new Stepped(records, patienceBytes)
    after(() => stepped.end())
    await stepped.ready()
    const runs = everyOrder(stepped, (heard, order) =>
      assert.equal(heard, records, `order ${order.join('')}`),
    )
    assert.ok(runs >= atLeast, `${runs} orders`)
    await stepped.end()
  }
})
