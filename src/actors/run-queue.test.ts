/**
 * Actors that always have something to do leave the event loop its turns. Counted in messages, on a
 * clock that each message moves: how busy the machine is does not matter.
 */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import type { Runtime } from '../runtime/seam.ts'
import { actor } from './definition.ts'
import type { Ref } from './ref.ts'
import { type Runnable, RunQueue } from './run-queue.ts'
import { self } from './self.ts'
import { spawn } from './spawn.ts'

/** A loop whose turns are counted, and a clock that only messages move. */
class CountedLoop implements Runtime {
  nowMs = 0
  turns = 0
  readonly random = Math.random
  /** Messages, and milliseconds, between two turns of the loop. */
  readonly messages: number[] = [0]
  readonly spentMs: number[] = [0]
  #turns: (() => void)[] = []

  now(): number {
    return this.nowMs
  }

  soon(run: () => void): void {
    queueMicrotask(run)
  }

  setTimer(): never {
    throw new Error('no timers here')
  }

  resume(_who: string, _reason: string, step: () => void): void {
    step()
  }

  yieldToLoop(): Promise<void> {
    return new Promise(resolve => this.#turns.push(resolve))
  }

  /** One message was worked on. */
  worked(tookMs: number): void {
    this.nowMs += tookMs
    const at = this.messages.length - 1
    this.messages[at] = (this.messages[at] as number) + 1
    this.spentMs[at] = (this.spentMs[at] as number) + tookMs
  }

  /** Lets the loop have so many turns; each comes when nothing else is left to do. */
  async run(turns: number): Promise<void> {
    for (let n = 0; n < turns; n += 1) {
      await new Promise(resolve => setImmediate(resolve))
      this.messages.push(0)
      this.spentMs.push(0)
      for (const turn of this.#turns.splice(0)) turn()
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Works on one message after the other, for ever, or one for each time that it is pushed. */
class Busy implements Runnable {
  nextInLine: Runnable | undefined
  readonly turns: number[] = []
  readonly #queue: RunQueue
  readonly #work: () => void
  readonly #most: number

  constructor(queue: RunQueue, work: () => void, most = Number.POSITIVE_INFINITY) {
    this.#queue = queue
    this.#work = work
    this.#most = most
  }

  turn(mostMessages: number): number {
    const count = Math.min(mostMessages, this.#most)
    for (let n = 0; n < count; n += 1) this.#work()
    this.turns.push(count)
    if (this.#most === Number.POSITIVE_INFINITY) this.#queue.push(this)
    else queueMicrotask(() => this.#queue.push(this)) // As an ask's answer lets the asker go on.
    return count
  }
}

const turns = 40

/** Messages and milliseconds between two turns of the loop, at the most. */
async function most(tookMs: (nth: number) => number, perTurn?: number) {
  const loop = new CountedLoop()
  const queue = new RunQueue(loop)
  let nth = 0
  const work = () => {
    nth += 1
    loop.worked(tookMs(nth))
  }
  const all = [0, 1, 2].map(() => new Busy(queue, work, perTurn))
  for (const one of all) queue.push(one)
  await loop.run(turns)
  // The first ones began before the loop was looked at, the last ones are not all there.
  return {
    messages: Math.max(...loop.messages),
    spentMs: Math.max(...loop.spentMs),
    turnsWithWork: loop.messages.filter(count => count > 0).length,
    all,
  }
}

suite('actors that are never idle', () => {
  test('let the loop have its turn after 512 messages, and some of one actor', async () => {
    const { messages, turnsWithWork } = await most(() => 0.000_1)
    assert.ok(messages >= 512 && messages < 512 + 16, `${messages}`)
    assert.ok(turnsWithWork >= turns, `${turnsWithWork}`)
  })

  test('have their turns one after the other, of 16 messages at the most', async () => {
    const { all } = await most(() => 0.000_1)
    for (const { turns } of all) assert.ok(Math.max(...turns) <= 16)
    const counts = all.map(({ turns }) => turns.length)
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`)
  })

  test('let it have its turn after a millisecond, and the message that ends it', async () => {
    for (const tookMs of [0.05, 0.3, 0.9, 5]) {
      const { spentMs } = await most(() => tookMs)
      assert.ok(spentMs <= 1 + 0.2 + 2 * tookMs, `${spentMs} ms by messages of ${tookMs} ms`)
    }
  })

  test('do so soon when their messages become slow', async () => {
    const { spentMs } = await most(nth => (nth % 400 < 300 ? 0.000_1 : 1))
    assert.ok(spentMs <= 1 + 16 + 1, `${spentMs}`)
  })

  test('do so too when each message is a drain of its own', async () => {
    const fast = await most(() => 0.000_1, 1)
    assert.ok(fast.messages <= 512 + 16, `${fast.messages}`)
    const slow = await most(() => 0.3, 1)
    assert.ok(slow.spentMs <= 1 + 0.2 + 2 * 0.3, `${slow.spentMs}`)
  })
})

/** Messages of the actors below. */
let worked = 0

interface Players {
  ping(other: Ref<Players>): void
  askOn(other: Ref<Players>, until: { isOver: boolean }): Promise<void>
  note(): void
}

const Player = actor(
  import.meta,
  class Player implements Players {
    ping(other: Ref<Players>): void {
      worked += 1
      other.tell.ping(self().ref as unknown as Ref<Players>)
    }

    async askOn(other: Ref<Players>, until: { isOver: boolean }): Promise<void> {
      while (!until.isOver) await other.ask.note()
    }

    note(): void {
      worked += 1
    }
  },
)

suite('on the real loop', () => {
  /** Between two turns of the loop, at the most. */
  const mostBetweenTurns = async (): Promise<number> => {
    const counts: number[] = []
    for (let turn = 0; turn < 50; turn += 1) {
      const before = worked
      await new Promise(resolve => setImmediate(resolve))
      counts.push(worked - before)
    }
    assert.ok(counts.filter(count => count > 0).length > 40, `${counts}`)
    return Math.max(...counts)
  }

  test('actors that tell each other for ever leave timers and I/O their turns', async () => {
    const [one, other] = [await spawn(Player, []), await spawn(Player, [])]
    for (let n = 0; n < 100; n += 1) one.tell.ping(other as unknown as Ref<Players>)
    assert.ok((await mostBetweenTurns()) < 512 + 16)
    await Promise.all([one, other].map(ref => ref.stop({ queued: 'drop' })))
  })

  test('so does one that asks another for ever, in one message', async () => {
    const [one, other] = [await spawn(Player, []), await spawn(Player, [])]
    const until = { isOver: false }
    const { ask } = one.with({ timeoutMs: Number.POSITIVE_INFINITY })
    const asking = ask.askOn(other as unknown as Ref<Players>, until)
    assert.ok((await mostBetweenTurns()) < 512 + 16)
    until.isOver = true
    await asking
  })
})
