/**
 * Savina's benchmarks on atonce, here on one thread: each returns when all is done, and says how
 * many steps that were.
 */
import { type Ref, spawn } from '../../src/actors.ts'
import {
  Account,
  Barber,
  Big,
  Buffer50,
  Chameneo,
  Client,
  Consumer,
  Counting,
  Echo,
  Feeder,
  Hop,
  Mall,
  Ping,
  Pong,
  Producer,
  Throughput,
  WaitingRoom,
} from './savina.actors.ts'

export interface Program {
  /** The parameters, and of what a rate is. */
  readonly what: string
  /** Returns how many steps there were. @throws when the answer is wrong */
  run(): Promise<number>
}

/** A promise, and a function that resolves it at its `count`th call. */
function after(count: number): { readonly all: Promise<number>; readonly one: (value?: number) => void } {
  const { promise, resolve } = Promise.withResolvers<number>()
  let left = count
  return {
    all: promise,
    one(value = 0) {
      left -= 1
      if (left === 0) resolve(value)
    },
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`wrong answer: ${what}`)
}

async function many<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, (_, n) => make(n)))
}

/** An actor sends it so often. */
async function feed(count: number, send: () => void): Promise<void> {
  const { all, one } = after(1)
  const feeder = await spawn(Feeder, [])
  feeder.tell.feed(count, send, one)
  await all
}

async function ring(actors: number, hops: number): Promise<number> {
  const { all, one } = after(1)
  const refs = await many(actors, () => spawn(Hop, [one]))
  refs.forEach((ref, at) => void ref.tell.link(refs[(at + 1) % actors] as Ref<any>))
  refs[0]?.tell.hop(hops)
  await all
  return hops
}

export const programs: Readonly<Record<string, Program>> = {
  'ping-pong': {
    what: '1,000,000 round trips',
    async run() {
      const { all, one } = after(1)
      const ping = await spawn(Ping, [await spawn(Pong, []), one])
      ping.tell.pong(1_000_000)
      await all
      return 1_000_000
    },
  },
  ring: { what: '100 actors, 1,000,000 hops', run: () => ring(100, 1_000_000) },
  'ring of 100,000': { what: '100,000 actors, 300,000 hops', run: () => ring(100_000, 300_000) },
  counting: {
    what: '1,000,000 messages',
    async run() {
      const { all, one } = after(1)
      const counter = await spawn(Counting, [])
      await feed(1_000_000, () => counter.tell.increment())
      counter.tell.get(one)
      must((await all) === 1_000_000, 'count')
      return 1_000_000
    },
  },
  'fork-join-throughput': {
    what: '60 actors, 10,000 messages each',
    async run() {
      const { all, one } = after(60)
      const actors = await many(60, () => spawn(Throughput, [10_000, one]))
      await feed(10_000, () => {
        for (const ref of actors) ref.tell.work()
      })
      await all
      return 600_000
    },
  },
  'fork-join-create': {
    what: '40,000 actors',
    async run() {
      const { all, one } = after(40_000)
      for (let n = 0; n < 40_000; n += 1) (await spawn(Throughput, [1, one])).tell.work()
      await all
      return 40_000
    },
  },
  spawn: {
    what: '200,000 actors',
    async run() {
      const refs: unknown[] = []
      for (let n = 0; n < 200_000; n += 1) refs.push(await spawn(Echo, []))
      return refs.length
    },
  },
  ask: {
    what: '300,000 asks, one after the other',
    async run() {
      const echo = await spawn(Echo, [])
      for (let n = 0; n < 300_000; n += 1) await echo.ask.echo(n)
      return 300_000
    },
  },
  chameneos: {
    what: '100 creatures, 200,000 meetings',
    async run() {
      const { all, one } = after(1)
      const mall = await spawn(Mall, [200_000, 100, one])
      for (const creature of await many(100, n => spawn(Chameneo, [mall, n % 3]))) creature.tell.begin()
      must((await all) === 400_000, 'meetings')
      return 200_000
    },
  },
  big: {
    what: '120 actors, 20,000 pings each',
    async run() {
      const { all, one } = after(120)
      const actors = await many(120, n => spawn(Big, [n, 20_000, one]))
      for (const ref of actors) ref.tell.meet(actors as never)
      for (const ref of actors) ref.tell.pong()
      await all
      return 2_400_000
    },
  },
  'bounded buffer': {
    what: '50 places, 40 producers and 40 consumers, 1,000 items each, cost 25',
    async run() {
      const { all, one } = after(1)
      const buffer = await spawn(Buffer50, [50, 40_000, one])
      const producers = await many(40, () => spawn(Producer, [buffer, 1_000, 25]))
      for (const consumer of await many(40, () => spawn(Consumer, [buffer, 25]))) consumer.tell.begin()
      for (const producer of producers) buffer.tell.ready(producer as never)
      await all
      return 40_000
    },
  },
  banking: {
    what: '1,000 accounts, 50,000 transactions',
    async run() {
      const accounts = await many(1_000, () => spawn(Account, [1_000]))
      let seed = 1
      const next = (below: number) => {
        seed = (seed * 48_271) % 2_147_483_647
        return seed % below
      }
      // As in Savina the payer has the lower number, so that no two wait for each other.
      await many(50_000, async () => {
        const from = next(900)
        await accounts[from]?.ask.pay(1, accounts[from + 1 + next(99)] as never)
      })
      let sum = 0
      for (const account of accounts) sum += await account.ask.balance()
      must(sum === 1_000_000, 'money')
      return 50_000
    },
  },
  'sleeping barber': {
    what: '5,000 haircuts, 1,000 chairs, cost 10',
    async run() {
      const { all, one } = after(5_000)
      const room = await spawn(WaitingRoom, [1_000, await spawn(Barber, [])])
      for (const client of await many(5_000, () => spawn(Client, [room as never, one]))) client.tell.begin()
      await all
      return 5_000
    },
  },
}
