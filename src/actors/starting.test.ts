/** What can go wrong while an actor starts, and what must not be left of it. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { simulate } from '../runtime/simulate.ts'
import type { Cell } from './cell.ts'
import { actor } from './definition.ts'
import { ActorStartError, LinkedActorError } from './errors.ts'
import { Counter } from './fixtures/bank.ts'
import { type Ref, targetIn } from './ref.ts'
import { self } from './self.ts'
import { spawn } from './spawn.ts'
import { supervisor } from './supervisor.ts'

type When = 'in the constructor' | 'at once' | 'after an await' | 'while it waits'

/** Takes a while to stop. */
const Linger = actor(
  import.meta,
  class Linger {
    async onStop(): Promise<void> {
      await sleep(5)
    }
    here(): void {}
  },
)

/** Links itself to another one as it starts. */
const Linked = actor(
  import.meta,
  class Linked {
    readonly #other: Ref
    readonly #when: When
    readonly #ticked: () => void

    constructor(other: Ref, when: When, ticked: () => void) {
      this.#other = other
      this.#when = when
      this.#ticked = ticked
      if (when === 'in the constructor') this.#link()
    }

    onStart(): Promise<void> | undefined {
      if (this.#when !== 'at once') return this.#startLater()
      this.#link()
      return undefined
    }

    async #startLater(): Promise<void> {
      if (this.#when === 'after an await') await null
      if (this.#when !== 'in the constructor') this.#link()
      await sleep(1_000)
    }

    #link(): void {
      self().every(1, this.#ticked)
      self().link(this.#other)
    }

    here(): void {}
  },
)

/** Its second start takes long, and fails when the third one is over. */
let starts = 0
const SlowToStart = actor(
  import.meta,
  class SlowToStart {
    readonly #number: number

    constructor() {
      starts += 1
      this.#number = starts
    }

    async onStart(): Promise<void> {
      if (this.#number !== 2) return
      await sleep(100)
      throw new Error('too late')
    }

    fail(): never {
      throw new Error('told to')
    }

    number(): number {
      return this.#number
    }
  },
)

const Ticker = actor(
  import.meta,
  class Ticker {
    constructor(ticked: () => void) {
      self().every(1, ticked)
      throw new Error('can’t be')
    }
    here(): void {}
  },
)

suite('an actor that starts', () => {
  for (const when of ['in the constructor', 'at once', 'after an await', 'while it waits'] as const)
    test(`R28: does not, when it is linked to one that has ended, ${when}`, () =>
      simulate(async ({ now }) => {
        const other = await spawn(Counter, [])
        if (when !== 'while it waits') await other.stop()
        await using tree = supervisor({ maxRestarts: 5 })
        let ticks = 0
        const starting = tree.start(Linked, [
          other as unknown as Ref,
          when,
          () => {
            ticks += 1
          },
        ])
        if (when === 'while it waits') void sleep(10).then(() => other.stop({ graceMs: 0, queued: 'drop' }))
        await assert.rejects(
          starting,
          (error: Error) => error instanceof ActorStartError && error.cause instanceof LinkedActorError,
        )
        assert.ok(now() <= 10, 'at once')
        assert.deepEqual([tree.children, tree.state], [[], 'open'])
        await sleep(50)
        assert.equal(ticks, 0, 'its timers are gone')
      }))

  test('again is not hurt by what an earlier start comes to', () =>
    simulate(async () => {
      starts = 0
      await using tree = supervisor({ maxRestarts: 5 })
      const slow = await tree.start(SlowToStart, [], { startTimeoutMs: 50 })
      slow.tell.fail()
      assert.equal(await slow.ask.number(), 3)
      await sleep(200)
      assert.equal(await slow.ask.number(), 3)
    }))

  test('and can not leaves no timer, though nobody supervises it', () =>
    simulate(async () => {
      let ticks = 0
      const ticked = () => {
        ticks += 1
      }
      for (const options of [undefined, {}]) await assert.rejects(spawn(Ticker, [ticked], options))
      await sleep(50)
      assert.equal(ticks, 0)
    }))

  test('is not there if it was ended meanwhile by its own ref', async () => {
    const Suicidal = actor(
      import.meta,
      class Suicidal {
        onStart(): void {
          void self().ref.stop({ queued: 'drop', graceMs: 0 })
        }
        here(): void {}
      },
    )
    const ref = await spawn(Suicidal, [])
    assert.equal(ref.ended?.kind, 'killed')
    assert.equal((targetIn(ref as unknown as Ref) as { state?: string } | undefined)?.state, 'ended')
  })

  test('does not begin again once it was told to stop', async () => {
    const ref = await spawn(Linger, [])
    const cell = targetIn(ref as unknown as Ref) as Cell
    const stopping = ref.stop({ queued: 'drop' })
    await assert.rejects(async () => cell.start(), ActorStartError)
    assert.equal(cell.state, 'ended')
    await assert.rejects(async () => cell.start(), ActorStartError)
    assert.equal(cell.state, 'ended')
    await stopping
  })
})
