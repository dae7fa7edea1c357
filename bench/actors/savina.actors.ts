/**
 * The actors of Savina's benchmarks (Shams Imam and Vivek Sarkar, "Savina: An Actor Benchmark
 * Suite", AGERE! 2014), with the protocols of that suite, in own words.
 */
import { actor, type Ref, self } from '../../src/actors.ts'

const unbounded = { capacity: Number.POSITIVE_INFINITY }

type Done = (value: number) => void

// ── ping-pong, ring, counting ──

export const Pong = actor(
  import.meta,
  class Pong {
    ping(from: Ref<{ pong(left: number): void }>, left: number): void {
      from.tell.pong(left)
    }
  },
)

export const Ping = actor(
  import.meta,
  class Ping {
    readonly #pong: Ref<InstanceType<typeof Pong>>
    readonly #done: Done
    readonly #me = self<{ pong(left: number): void }>().ref

    constructor(pong: Ref<InstanceType<typeof Pong>>, done: Done) {
      this.#pong = pong
      this.#done = done
    }

    pong(left: number): void {
      if (left === 0) this.#done(0)
      else this.#pong.tell.ping(this.#me, left - 1)
    }
  },
)

export const Hop = actor(
  import.meta,
  class Hop {
    #next: Ref<{ hop(left: number): void }> | undefined
    readonly #done: Done

    constructor(done: Done) {
      this.#done = done
    }

    link(next: Ref<{ hop(left: number): void }>): void {
      this.#next = next
    }

    hop(left: number): void {
      if (left === 0) this.#done(0)
      else this.#next?.tell.hop(left - 1)
    }
  },
)

export const Counting = actor(
  import.meta,
  class Counting {
    #count = 0

    increment(): void {
      this.#count += 1
    }

    get(done: Done): void {
      done(this.#count)
    }
  },
  unbounded,
)

/** Sends `send` so many times, 1,000 in a turn. */
export const Feeder = actor(
  import.meta,
  class Feeder {
    readonly #me = self<{ feed(left: number, send: () => void, then: () => void): void }>().ref

    feed(left: number, send: () => void, then: () => void): void {
      const now = Math.min(left, 1_000)
      for (let n = 0; n < now; n += 1) send()
      if (left > now) this.#me.tell.feed(left - now, send, then)
      else then()
    }
  },
)

// ── fork-join ──

export const Throughput = actor(
  import.meta,
  class Throughput {
    #left: number
    readonly #done: Done

    constructor(messages: number, done: Done) {
      this.#left = messages
      this.#done = done
    }

    work(): void {
      const sine = Math.sin(37.2)
      const square = sine * sine
      if (square < 0) throw new Error('impossible')
      this.#left -= 1
      if (this.#left === 0) this.#done(square)
    }
  },
  unbounded,
)

// ── chameneos ──

const colours = 3
type Creature = Ref<{ met(colour: number): void; stop(): void }>

export const Mall = actor(
  import.meta,
  class Mall {
    #left: number
    #waiting: { readonly who: Creature; readonly colour: number } | undefined
    #creatures: number
    #met = 0
    readonly #done: Done

    constructor(meetings: number, creatures: number, done: Done) {
      this.#left = meetings
      this.#creatures = creatures
      this.#done = done
    }

    meet(who: Creature, colour: number): void {
      if (this.#left === 0) return void who.tell.stop()
      if (this.#waiting === undefined) {
        this.#waiting = { who, colour }
        return
      }
      const first = this.#waiting
      this.#waiting = undefined
      this.#left -= 1
      first.who.tell.met(colour)
      who.tell.met(first.colour)
    }

    gone(meetings: number): void {
      this.#met += meetings
      this.#creatures -= 1
      if (this.#creatures === 0) this.#done(this.#met)
    }
  },
  unbounded,
)

export const Chameneo = actor(
  import.meta,
  class Chameneo {
    readonly #mall: Ref<InstanceType<typeof Mall>>
    readonly #me = self<{ met(colour: number): void; stop(): void }>().ref
    #colour: number
    #meetings = 0

    constructor(mall: Ref<InstanceType<typeof Mall>>, colour: number) {
      this.#mall = mall
      this.#colour = colour
    }

    begin(): void {
      this.#mall.tell.meet(this.#me, this.#colour)
    }

    met(other: number): void {
      if (other !== this.#colour) this.#colour = (2 * (this.#colour + other)) % colours
      this.#meetings += 1
      this.#mall.tell.meet(this.#me, this.#colour)
    }

    stop(): void {
      this.#mall.tell.gone(this.#meetings)
    }
  },
)

// ── big ──

type Neighbour = Ref<{ ping(from: number): void; pong(): void }>

export const Big = actor(
  import.meta,
  class Big {
    #left: number
    #state: number
    #others: readonly Neighbour[] = []
    readonly #index: number
    readonly #done: () => void

    constructor(index: number, pings: number, done: () => void) {
      this.#index = index
      this.#left = pings
      this.#state = index + 1
      this.#done = done
    }

    meet(others: readonly Neighbour[]): void {
      this.#others = others
    }

    ping(from: number): void {
      this.#others[from]?.tell.pong()
    }

    pong(): void {
      if (this.#left === 0) return this.#done()
      this.#left -= 1
      this.#state = (this.#state * 48_271) % 2_147_483_647
      this.#others[this.#state % this.#others.length]?.tell.ping(this.#index)
    }
  },
  unbounded,
)

// ── bounded buffer ──

type Producing = Ref<{ produce(): void }>
type Consuming = Ref<{ consume(item: number): void }>

/** As much as `cost` steps of arithmetic. */
function burn(value: number, cost: number): number {
  for (let n = 0; n < cost * 100; n += 1) value += Math.log(Math.abs(value) + 0.01)
  return value
}

export const Buffer50 = actor(
  import.meta,
  class Buffer50 {
    readonly #room: number
    readonly #items: number[] = []
    readonly #consumers: Consuming[] = []
    readonly #waiting: Producing[] = []
    #left: number
    readonly #done: Done

    constructor(room: number, items: number, done: Done) {
      this.#room = room
      this.#left = items
      this.#done = done
    }

    ready(producer: Producing): void {
      if (this.#items.length >= this.#room) this.#waiting.push(producer)
      else producer.tell.produce()
    }

    put(producer: Producing, item: number, more: boolean): void {
      const consumer = this.#consumers.shift()
      if (consumer === undefined) this.#items.push(item)
      else consumer.tell.consume(item)
      if (more) this.ready(producer)
    }

    take(consumer: Consuming, consumed: boolean): void {
      if (consumed) {
        this.#left -= 1
        if (this.#left === 0) return this.#done(0)
      }
      const item = this.#items.shift()
      if (item === undefined) return void this.#consumers.push(consumer)
      consumer.tell.consume(item)
      this.#waiting.shift()?.tell.produce()
    }
  },
  unbounded,
)

export const Producer = actor(
  import.meta,
  class Producer {
    readonly #buffer: Ref<InstanceType<typeof Buffer50>>
    readonly #cost: number
    readonly #me = self<{ produce(): void }>().ref
    #left: number
    #item = 0

    constructor(buffer: Ref<InstanceType<typeof Buffer50>>, items: number, cost: number) {
      this.#buffer = buffer
      this.#left = items
      this.#cost = cost
    }

    produce(): void {
      this.#item = burn(this.#item, this.#cost)
      this.#left -= 1
      this.#buffer.tell.put(this.#me, this.#item, this.#left > 0)
    }
  },
)

export const Consumer = actor(
  import.meta,
  class Consumer {
    readonly #buffer: Ref<InstanceType<typeof Buffer50>>
    readonly #cost: number
    readonly #me = self<{ consume(item: number): void }>().ref
    #sum = 0

    constructor(buffer: Ref<InstanceType<typeof Buffer50>>, cost: number) {
      this.#buffer = buffer
      this.#cost = cost
    }

    begin(): void {
      this.#buffer.tell.take(this.#me, false)
    }

    consume(item: number): void {
      this.#sum = burn(this.#sum + item, this.#cost)
      this.#buffer.tell.take(this.#me, true)
    }
  },
)

// ── banking: an ask within a handler ──

export const Account = actor(
  import.meta,
  class Account {
    #balance: number

    constructor(balance: number) {
      this.#balance = balance
    }

    async pay(amount: number, to: Ref<{ credit(amount: number): number }>): Promise<number> {
      this.#balance -= amount
      await to.ask.credit(amount)
      return this.#balance
    }

    credit(amount: number): number {
      this.#balance += amount
      return this.#balance
    }

    balance(): number {
      return this.#balance
    }
  },
  unbounded,
)

// ── sleeping barber ──

type Customer = Ref<{ full(): void; cut(): void }>

export const WaitingRoom = actor(
  import.meta,
  class WaitingRoom {
    readonly #chairs: number
    readonly #line: Customer[] = []
    readonly #barber: Ref<{ enter(customer: Customer, room: Ref<{ next(): void }>): void }>
    readonly #me = self<{ next(): void }>().ref
    #sleeps = true

    constructor(
      chairs: number,
      barber: Ref<{ enter(customer: Customer, room: Ref<{ next(): void }>): void }>,
    ) {
      this.#chairs = chairs
      this.#barber = barber
    }

    arrive(customer: Customer): void {
      if (this.#line.length === this.#chairs) return void customer.tell.full()
      this.#line.push(customer)
      if (this.#sleeps) this.next()
    }

    next(): void {
      const customer = this.#line.shift()
      this.#sleeps = customer === undefined
      if (customer !== undefined) this.#barber.tell.enter(customer, this.#me)
    }
  },
  unbounded,
)

export const Barber = actor(
  import.meta,
  class Barber {
    #hair = 0

    enter(customer: Customer, room: Ref<{ next(): void }>): void {
      this.#hair = burn(this.#hair, 10)
      customer.tell.cut()
      room.tell.next()
    }
  },
)

export const Client = actor(
  import.meta,
  class Client {
    readonly #room: Ref<InstanceType<typeof WaitingRoom>>
    readonly #done: () => void
    readonly #me = self<{ full(): void; cut(): void }>().ref

    constructor(room: Ref<InstanceType<typeof WaitingRoom>>, done: () => void) {
      this.#room = room
      this.#done = done
    }

    begin(): void {
      this.#room.tell.arrive(this.#me)
    }

    full(): void {
      this.#room.tell.arrive(this.#me)
    }

    cut(): void {
      this.#done()
    }
  },
)

// ── N-queens ──

export const Queens = actor(
  import.meta,
  class Queens {
    /** How many ways there are to go on after the queens in `rows`. */
    count(size: number, rows: readonly number[]): number {
      let [columns, left, right] = [0, 0, 0]
      for (const column of rows) {
        columns |= 1 << column
        left = (left | (1 << column)) << 1
        right = (right | (1 << column)) >> 1
      }
      return ways((1 << size) - 1, columns, left, right)
    }
  },
)

function ways(all: number, columns: number, left: number, right: number): number {
  if (columns === all) return 1
  let count = 0
  for (let free = all & ~(columns | left | right); free !== 0; free &= free - 1) {
    const queen = free & -free
    count += ways(all, columns | queen, (left | queen) << 1, (right | queen) >> 1)
  }
  return count
}

// ── asks, idle actors ──

export const Echo = actor(
  import.meta,
  class Echo {
    echo(value: number): number {
      return value
    }
  },
)
