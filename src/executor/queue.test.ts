/** The queue, next to the simplest thing that does the same: a list that is searched. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { PriorityQueue, type Queued } from './queue.ts'

function itemOf(priority: number): Queued {
  return { priority, waiting: false, order: 0 }
}

/** Items that wait, each priority in its own order, and how many were taken. */
class Model {
  items: Queued[] = []
  #taken = 0

  push(item: Queued): void {
    const at = this.items.findIndex(({ priority }) => priority < item.priority)
    this.items.splice(at === -1 ? this.items.length : at, 0, item)
  }

  putBack(items: readonly Queued[]): void {
    for (const item of items) {
      const at = this.items.findIndex(
        ({ priority, order }) =>
          priority < item.priority || (priority === item.priority && order > item.order),
      )
      this.items.splice(at === -1 ? this.items.length : at, 0, item)
    }
    this.#taken -= items.length
  }

  pushFirst(item: Queued): void {
    const at = this.items.findIndex(({ priority }) => priority <= item.priority)
    this.items.splice(at === -1 ? this.items.length : at, 0, item)
  }

  /** The first; but at each eighth time the oldest of those that are first in their priority. */
  get next(): Queued | undefined {
    if (this.#taken % 8 !== 7) return this.items[0]
    const firsts = this.items.filter((item, at) => at === 0 || this.items[at - 1]?.priority !== item.priority)
    return firsts.reduce<Queued | undefined>(
      (oldest, item) => (oldest === undefined || item.order < oldest.order ? item : oldest),
      undefined,
    )
  }

  shift(): Queued | undefined {
    const { next } = this
    if (next === undefined) return undefined
    this.#taken += 1
    this.remove(next)
    return next
  }

  remove(item: Queued): void {
    this.items = this.items.filter(other => other !== item)
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('push'), number: fc.integer({ min: -2, max: 2 }) }),
  },
  fc.record({ kind: fc.constant('push'), number: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('shift', 'withdraw'), number: fc.nat() }) },
  fc.record({ kind: fc.constantFrom('take', 'put back'), number: fc.nat(5) }),
  fc.record({ kind: fc.constant('push first'), number: fc.integer({ min: -2, max: 2 }) }),
)

test('the queue does what a searched list does: priorities, first come first served, each eighth the oldest, withdrawn, put back, put first', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const queue = new PriorityQueue<Queued>()
      const model = new Model()
      /**
       * What was taken together and is not put back yet, as by workers of which any may die first.
       */
      const hands: Queued[][] = []
      for (const { kind, number } of steps) {
        if (kind === 'push') {
          const item = itemOf(number)
          queue.push(item)
          model.push(item)
        } else if (kind === 'shift') {
          assert.equal(queue.peek(), model.next)
          assert.equal(queue.shift(), model.shift())
        } else if (kind === 'withdraw') {
          const item = model.items[number % Math.max(1, model.items.length)]
          if (item === undefined) continue
          assert.equal(queue.withdraw(item), true)
          model.remove(item)
          assert.equal(queue.withdraw(item), false)
        } else if (kind === 'push first') {
          const item = itemOf(number)
          queue.pushFirst(item)
          model.pushFirst(item)
        } else if (kind === 'take') {
          const taken: Queued[] = []
          for (let left = number; left > 0 && queue.size > 0; left -= 1) {
            taken.push(queue.shift() as Queued)
            model.shift()
          }
          if (taken.length > 0) hands.push(taken)
        } else {
          const [taken] = hands.splice(number % Math.max(1, hands.length), 1)
          queue.putBack(taken ?? [])
          model.putBack(taken ?? [])
        }
        assert.equal(queue.size, model.items.length)
        assert.deepEqual([...queue], model.items)
        assert.ok(model.items.every(({ waiting }) => waiting))
      }
      while (queue.size > 0) assert.equal(queue.shift(), model.shift())
      assert.equal(queue.shift(), undefined)
      assert.equal(queue.peek(), undefined)
    }),
    { numRuns: 400 },
  )
})

test('an item that was never there, or is no more, can’t be withdrawn', () => {
  const queue = new PriorityQueue<Queued>()
  const item = itemOf(0)
  queue.push(item)
  assert.equal(queue.withdraw(itemOf(0)), false)
  assert.equal(queue.withdraw(itemOf(7)), false)
  assert.equal(queue.size, 1)
  queue.shift()
  assert.equal(queue.withdraw(item), false)
  assert.equal(queue.size, 0)
})

test('items that are put back come first within their priority, in the order they were taken', () => {
  const queue = new PriorityQueue<Queued>()
  const [a, b, c, urgent] = [itemOf(0), itemOf(0), itemOf(0), itemOf(5)]
  for (const item of [a, b, c]) queue.push(item)
  const taken = [queue.shift(), queue.shift()] as Queued[]
  queue.push(urgent)
  queue.putBack(taken)
  assert.deepEqual([queue.shift(), queue.shift(), queue.shift(), queue.shift()], [urgent, a, b, c])
})

test('what two dead workers had in their hands is put back in the order it came, whichever died first', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const queue = new PriorityQueue<Queued>()
    const items = Array.from({ length: 6 }, () => itemOf(0))
    for (const item of items) queue.push(item)
    const taken = items.slice(0, 5).map(() => queue.shift() as Queued)
    const hands = [taken.slice(0, 2), taken.slice(2)]
    for (const at of order) queue.putBack(hands[at] as Queued[])
    assert.deepEqual([...queue], items)
  }
})

test('putting items first costs no copy of a long line each time', () => {
  const queue = new PriorityQueue<Queued>()
  for (let count = 0; count < 300_000; count += 1) queue.push(itemOf(0))
  const first = Array.from({ length: 100_000 }, () => itemOf(0))
  for (const item of first) queue.pushFirst(item)
  for (const item of first.toReversed()) assert.equal(queue.shift(), item)
  assert.equal(queue.size, 300_000)
})

test('nobody waits for ever: under a stream of urgent items the oldest is taken at each eighth time', () => {
  const queue = new PriorityQueue<Queued>()
  const slow = [itemOf(0), itemOf(-1), itemOf(0)]
  for (const item of slow) queue.push(item)
  const takenAt: number[] = []
  for (let round = 1; round <= 24; round += 1) {
    queue.push(itemOf(9))
    if (slow.includes(queue.shift() as Queued)) takenAt.push(round)
  }
  assert.deepEqual(takenAt, [8, 16, 24])
})

test('a long line from which much is withdrawn keeps its order, and its gaps are closed', () => {
  const queue = new PriorityQueue<Queued>()
  const items = Array.from({ length: 40_000 }, () => itemOf(0))
  for (const item of items) queue.push(item)
  const left: Queued[] = []
  for (const [at, item] of items.entries()) {
    if (at % 5 === 0) left.push(item)
    else queue.withdraw(item)
  }
  assert.equal(queue.size, left.length)
  const more = itemOf(0)
  queue.push(more)
  for (const item of [...left, more]) assert.equal(queue.shift(), item)
  assert.equal(queue.size, 0)
})

test('a priority that nobody has any more is not looked at any more', () => {
  let looks = 0
  const counted = (priority: number) =>
    ({
      valueOf() {
        looks += 1
        return priority
      },
    }) as unknown as number
  const queue = new PriorityQueue<Queued>()
  for (let priority = 0; priority < 1_000; priority += 1) {
    queue.push(itemOf(counted(priority)))
    queue.push(itemOf(counted(-priority)))
    queue.shift()
    queue.shift()
  }
  assert.ok(looks < 20_000, `${looks} looks for 2,000 items, of which never more than two waited`)
})

test('what was taken or withdrawn is not kept alive by a line in which others still wait', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const queue = new PriorityQueue<Queued>()
  const gone = (() => {
    const [taken, withdrawn] = [itemOf(0), itemOf(0)]
    for (const item of [taken, withdrawn, itemOf(0), itemOf(0)]) queue.push(item)
    queue.withdraw(withdrawn)
    queue.shift()
    queue.shift()
    return [new WeakRef(taken), new WeakRef(withdrawn)]
  })()
  await new Promise(resolve => setImmediate(resolve)) // What was looked at in this turn is held until its end.
  collect()
  assert.deepEqual(
    gone.map(item => item.deref()),
    [undefined, undefined],
  )
  assert.equal(queue.size, 1)
})

test('the steps of adding, taking and withdrawing grow as n log n with the number of priorities', () => {
  const stepsOf = (count: number): number => {
    let steps = 0
    const queue = new PriorityQueue<Queued>()
    const items = Array.from({ length: count }, (_, at) => {
      let waiting = false
      return {
        priority: (at * 7919) % count,
        order: 0,
        get waiting() {
          steps += 1
          return waiting
        },
        set waiting(now: boolean) {
          waiting = now
        },
      }
    })
    for (const item of items) queue.push(item)
    for (const item of items.slice(0, count / 4)) queue.withdraw(item)
    while (queue.peek() !== undefined) queue.shift()
    return steps
  }
  const [few, many] = [stepsOf(1_000), stepsOf(8_000)]
  assert.ok(many < few * 8 * 1.6, `${many} steps for 8,000 where ${few} were for 1,000`)
})

test('a priority that is used once leaves nothing behind', () => {
  const queue = new PriorityQueue<Queued>()
  const blocked = itemOf(0)
  queue.push(blocked)
  const lines: unknown[] = []
  for (let priority = 1; priority <= 100; priority += 1) {
    const item = itemOf(priority)
    queue.push(item)
    queue.withdraw(item)
    lines.push(queue.peek())
  }
  assert.ok(lines.every(next => next === blocked))
  assert.deepEqual([...queue], [blocked])
})
