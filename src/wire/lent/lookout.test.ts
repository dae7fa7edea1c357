/** A thread that was spoken to looks for what comes next, as long as that pays. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { mostHeardUnlooked } from '../../policy.ts'
import { newLinkWords, takenWord } from './link-words.ts'
import { Lookout } from './lookout.ts'
import type { OfLoan } from './messages.ts'
import { PortLink } from './port-link.ts'

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

/**
 * A link on which something was said once it was looked at so often; never, if that is undefined.
 */
class Played {
  count = 0
  delivered = 0
  saidAfter: number | undefined
  looked = false
  readonly lookout = new Lookout(this)

  saidMore(): boolean {
    this.count += 1
    return this.saidAfter !== undefined && this.count >= this.saidAfter
  }

  drain(): number {
    this.saidAfter = undefined
    this.delivered += 1
    return 1
  }

  looks(whether: boolean): void {
    this.looked = whether
  }

  /** Whether a message that is heard makes the thread look. */
  async isLookedAt(): Promise<boolean> {
    const before = this.count
    this.lookout.heard()
    await turn()
    await turn()
    return this.count > before
  }
}

test('what is said while the thread looks is delivered within that turn, and it looks on', async () => {
  const link = new Played()
  link.saidAfter = 3
  link.lookout.heard()
  assert.equal(link.count, 0) // What is ready in this turn goes first.
  await turn()
  assert.equal(link.delivered, 1)
  const { count } = link
  await turn()
  assert.ok(link.count > count)
})

test('each look in vain makes the next one come later, up to a bound', async () => {
  const link = new Played()
  const unlooked: number[] = []
  for (let round = 0, count = 0; round < 8; ) {
    if (await link.isLookedAt()) {
      unlooked.push(count)
      round += 1
      count = 0
    } else count += 1
  }
  assert.deepEqual(unlooked, [0, 1, 3, 7, 15, 31, mostHeardUnlooked, mostHeardUnlooked])
})

test('a look that finds something halves what is heard without one', async () => {
  const link = new Played()
  for (let looks = 0; looks < 4; ) if (await link.isLookedAt()) looks += 1
  link.saidAfter = link.count + 2
  let unlooked = 0
  while (!(await link.isLookedAt())) unlooked += 1
  assert.equal(unlooked, 15)
  assert.equal(link.delivered, 1)
  unlooked = 0
  while (!(await link.isLookedAt())) unlooked += 1
  assert.equal(unlooked, 15) // 7 after the find, doubled by the look in vain that followed.
})

test('a message that comes by an event while its link is looked at begins no second look', async () => {
  const link = new Played()
  link.saidAfter = 3
  link.lookout.heard()
  link.lookout.heard()
  await turn()
  assert.equal(link.count, 3) // A second look of this turn would go on in vain.
  assert.equal(link.looked, true)
})

test('one thread looks at all of its links at once', async () => {
  const [silent, spoken] = [new Played(), new Played()]
  spoken.saidAfter = 5
  silent.lookout.heard()
  spoken.lookout.heard()
  await turn()
  assert.equal(spoken.delivered, 1)
  assert.ok(silent.count > 0 && silent.count <= spoken.count)
})

test('a link is told that it is looked at before the first look, and that it is no more after the last', async () => {
  const link = new Played()
  link.lookout.heard()
  assert.equal(link.looked, true)
  while (link.looked) await turn()
  assert.ok(link.count > 0)
})

test('what was taken is a word only while the side that items come from looks, and nothing of it is lost', () => {
  for (const itemsFrom of ['owner', 'far'] as const) {
    const { port1, port2 } = new MessageChannel()
    const words = newLinkWords()
    const [from, to] = [
      new PortLink(port1, words, itemsFrom, 16),
      new PortLink(port2, words, itemsFrom === 'owner' ? 'far' : 'owner', 16),
    ]
    const told: number[] = []
    const looked: number[] = []
    from.open({
      message: said => told.push((said as { count: number }).count),
      looked() {
        looked.push(words[takenWord] as number)
        return true
      },
      closed() {},
      congested() {},
      cleared() {},
    })
    to.open({ message() {}, closed() {}, congested() {}, cleared() {} })
    to.tellTaken(3, 3)
    assert.equal(from.saidMore(), true)
    from.drain()
    assert.deepEqual(told, [3])
    from.looks(true)
    to.tellTaken(2, 5)
    assert.equal(from.saidMore(), true)
    from.drain()
    assert.deepEqual([told, looked.at(-1)], [[3], 5])
    to.tellTaken(2, 7)
    from.looks(false) // It gives up before it has seen that.
    assert.equal(looked.at(-1), 7)
    to.tellTaken(1, 8)
    from.drain()
    assert.deepEqual(told, [3, 1])
    from.close()
    to.close()
  }
})

test('either side of a link between threads sees that the other one has spoken', () => {
  const { port1, port2 } = new MessageChannel()
  const words = newLinkWords()
  const owner = new PortLink(port1, words, 'owner', 16)
  const far = new PortLink(port2, words, 'far', 16)
  const heard: OfLoan[] = []
  for (const side of [owner, far])
    side.open({ message: said => heard.push(said), closed() {}, congested() {}, cleared() {} })

  for (const [from, to] of [
    [owner, far],
    [far, owner],
  ] as const) {
    assert.equal(to.saidMore(), false)
    from.send({ kind: 'taken', count: 1 })
    from.send({ kind: 'taken', count: 2 })
    assert.equal(from.saidMore(), false)
    assert.equal(to.saidMore(), true)
    assert.equal(to.drain(), 2)
    assert.equal(to.saidMore(), false)
  }
  assert.deepEqual(
    heard.map(said => (said as { count: number }).count),
    [1, 2, 1, 2],
  )
  owner.close()
  far.close()
})
