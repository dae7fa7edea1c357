/**
 * Small programs of actors, each with what must be true of it however one of its messages ends.
 * They say nothing of where they are played: see places.ts.
 */
import assert from 'node:assert/strict'
import {
  type ActorClass,
  ActorDiedError,
  type Ref,
  type StartOptions,
  type Supervisor,
  spawn,
  supervisor,
  whereis,
} from '../../src/actors.ts'
import { InjectedFailure } from '../../src/testing.ts'
import {
  Account,
  Book,
  type BookRef,
  Doubler,
  Half,
  Holder,
  Job,
  Lock,
  patient,
  Range,
  Witness,
} from './actors.ts'

/** What a program has of the place that it is played at. */
export interface Stage {
  /** The class with the crash that is played. */
  failing<T extends object, A extends readonly any[]>(cls: ActorClass<T, A>): ActorClass<T, A>
  /** Where its actors live. */
  readonly on: Pick<StartOptions, 'on'>
  /** Which crash that is. */
  readonly when: 'before' | 'after'
  readonly dies: 'actor' | 'worker'
}

export type Program = (stage: Stage) => Promise<void>

export const programs: Readonly<Record<string, Program>> = {
  async 'what was acknowledged is in the book, once'(stage) {
    await using tree = supervisor({ maxRestarts: 20 })
    const book = await bookOf()
    const cls = stage.failing(Account)
    const accounts = [await start(stage, tree, cls, ['a', book]), await start(stage, tree, cls, ['b', book])]
    for (let id = 1; id <= 4; id += 1) await again(() => at(accounts, id % 2).ask.deposit(id, 10 * id))
    assert.equal(await again(() => at(accounts, 0).ask.balance()), 60)
    assert.equal(await again(() => at(accounts, 1).ask.balance()), 40)
    assert.deepEqual([await book.ask.sum('a'), await book.ask.sum('b')], [60, 40])
  },

  async 'what is told comes in order, once at the most, and all but the message that dies'(stage) {
    await using tree = supervisor({ maxRestarts: 20 })
    const book = await bookOf()
    const doubler = await start(stage, tree, stage.failing(Doubler), [book])
    const count = 6
    for (let n = 1; n <= count; n += 1) doubler.tell.push(n)
    await again(() => doubler.ask.here())
    const came = (await book.ask.lines()).map(Number)
    assert.deepEqual(
      came,
      [...new Set(came)].toSorted((one, other) => one - other),
    )
    if (stage.dies === 'actor' || stage.on.on === undefined)
      assert.ok(came.length >= count - (stage.when === 'before' ? 1 : 0), `${came}`)
  },

  async 'two that are restarted together come to be of one generation'(stage) {
    await using tree = supervisor({ maxRestarts: 20, strategy: 'one_for_all' })
    const book = await bookOf()
    const cls = stage.failing(Half)
    const [left, right] = [
      await start(stage, tree, cls, ['left', book]),
      await start(stage, tree, cls, ['right', book]),
    ]
    // Who hears of a failure may ask the other one before that is restarted.
    let isOne = false
    for (let round = 1; round <= 3 || (!isOne && round < 1_000); round += 1) {
      const one = await again(() => left.ask.generation())
      isOne = one === (await again(() => right.ask.generation()))
    }
    assert.ok(isOne)
  },

  async 'a stream gives its values in order until it fails'(stage) {
    await using tree = supervisor({ maxRestarts: 20 })
    const range = await start(stage, tree, stage.failing(Range), [])
    let next = 1
    await again(async () => {
      for await (const n of range.ask.between(next, 6)) {
        assert.equal(n, next)
        next += 1
        if (n % 2 === 0) await again(() => range.ask.here())
      }
    })
    assert.equal(next, 7)
  },

  async 'who watches hears of each end once, and the name is free then'(stage) {
    await using tree = supervisor()
    const witness = await spawn(Witness, [])
    const cls = stage.failing(Job)
    const ends: string[] = []
    for (let isDone = false; !isDone; ) {
      const job = await start(stage, tree, cls, [], { name: 'the job', restart: 'temporary' })
      await witness.ask.watch(job as unknown as Ref)
      using watch = job.watch()
      isDone = await threeSteps(job)
      if (isDone) await job.stop()
      ends.push((await watch.down).kind)
      assert.equal(whereis('the job'), undefined)
    }
    assert.equal(ends.at(-1), 'stop')
    assert.ok(ends.slice(0, -1).every(kind => kind === 'failure' || kind === 'gone'))
    assert.deepEqual(await witness.ask.heard(), ends)
  },

  async 'a lock whose holder has died is free'(stage) {
    await using tree = supervisor()
    const lock = await spawn(Lock, [])
    const cls = stage.failing(Holder)
    const isLeft = async (name: string): Promise<void> => {
      const holder = await start(stage, tree, cls, [name, lock], { restart: 'temporary' })
      using watch = holder.watch()
      try {
        await holder.ask.take()
        const who = await lock.ask.holder()
        if (holder.ended === undefined) assert.equal(who, name)
        await holder.ask.giveBack()
      } catch (error) {
        assert.ok(isOfCrash(error), `${error}`)
        await watch.down
      }
    }
    await Promise.all(['a', 'b', 'c'].map(isLeft))
    assert.equal(await lock.ask.holder(), undefined)
  },
}

async function threeSteps(job: Ref<{ step(): number }>): Promise<boolean> {
  try {
    for (let n = 1; n <= 3; n += 1) assert.equal(await job.ask.step(), n)
    return true
  } catch (error) {
    if (!isOfCrash(error)) throw error
    return false
  }
}

async function bookOf(): Promise<BookRef> {
  return patient(await spawn(Book, []))
}

async function start<T extends object, A extends readonly any[]>(
  stage: Stage,
  tree: Supervisor,
  cls: ActorClass<T, A>,
  args: Readonly<A>,
  options: StartOptions = {},
): Promise<Ref<T>> {
  // Long enough that none is given up on a busy machine.
  const times = { shutdownMs: 120_000, startTimeoutMs: 120_000 }
  return patient(await tree.start(cls, args, { ...stage.on, ...times, ...options }))
}

/** Until it does not meet the crash. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isOfCrash(error)) throw error
    }
  }
}

function isOfCrash(error: unknown): boolean {
  return error instanceof InjectedFailure || error instanceof ActorDiedError
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T
}
