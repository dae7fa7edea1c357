/** The actors of the programs that are played with a crash at any of their messages. */
import { actor, type Ref, self } from '../../src/actors.ts'
import { sleep } from '../../src/index.ts'

/** What must not be lost; lives where the test runs, and does not fail. */
export const Book = actor(
  import.meta,
  class Book {
    readonly #entries = new Map<number, { account: string; amount: number }>()
    readonly #numbers = new Map<string, number>()
    readonly #lines: string[] = []

    /** Enters it once, however often it comes; returns what the account holds. */
    enter(account: string, id: number, amount: number): number {
      if (!this.#entries.has(id)) this.#entries.set(id, { account, amount })
      return this.sum(account)
    }

    sum(account: string): number {
      const own = [...this.#entries.values()].filter(entry => entry.account === account)
      return own.reduce((sum, { amount }) => sum + amount, 0)
    }

    /** How often it was called with that name. */
    next(name: string): number {
      const number = (this.#numbers.get(name) ?? 0) + 1
      this.#numbers.set(name, number)
      return number
    }

    note(line: string): void {
      this.#lines.push(line)
    }

    lines(): readonly string[] {
      return [...this.#lines]
    }
  },
)

export type BookRef = Ref<InstanceType<typeof Book>>

/** Knows its balance; what it was told is in the book before it says so. */
export const Account = actor(
  import.meta,
  class Account {
    readonly #name: string
    readonly #book: BookRef
    #balance = 0

    constructor(name: string, book: BookRef) {
      this.#name = name
      this.#book = patient(book)
    }

    async onStart(): Promise<void> {
      this.#balance = await this.#book.ask.sum(this.#name)
    }

    async deposit(id: number, amount: number): Promise<number> {
      this.#balance = await this.#book.ask.enter(this.#name, id, amount)
      return this.#balance
    }

    balance(): number {
      return this.#balance
    }
  },
)

/** Passes on twice what it is told. */
export const Doubler = actor(
  import.meta,
  class Doubler {
    readonly #book: BookRef

    constructor(book: BookRef) {
      this.#book = book
    }

    push(n: number): void {
      this.#book.tell.note(`${2 * n}`)
    }

    here(): void {}
  },
)

/** Knows how often it was started. */
export const Half = actor(
  import.meta,
  class Half {
    readonly #name: string
    readonly #book: BookRef
    #generation = 0

    constructor(name: string, book: BookRef) {
      this.#name = name
      this.#book = patient(book)
    }

    async onStart(): Promise<void> {
      this.#generation = await this.#book.ask.next(this.#name)
    }

    generation(): number {
      return this.#generation
    }
  },
)

/** Numbers, one after the other. */
export const Range = actor(
  import.meta,
  class Range {
    async *between(first: number, last: number): AsyncGenerator<number> {
      for (let n = first; n <= last; n += 1) yield n
    }

    here(): void {}
  },
)

/** Is done in three steps. */
export const Job = actor(
  import.meta,
  class Job {
    #steps = 0

    step(): number {
      this.#steps += 1
      return this.#steps
    }
  },
)

/** Notes the ends that it hears of. */
export const Witness = actor(
  import.meta,
  class Witness {
    readonly #heard: string[] = []

    watch(other: Ref): void {
      self().watch(other, ({ kind }) => this.#heard.push(kind))
    }

    heard(): readonly string[] {
      return [...this.#heard]
    }
  },
)

/** Gives a lock to one at a time; it is free again when its holder has ended. */
export const Lock = actor(
  import.meta,
  class Lock {
    #holder: string | undefined
    #unwatch = () => {}

    tryTake(name: string, who: Ref): boolean {
      if (this.#holder !== undefined) return false
      this.#holder = name
      this.#unwatch = self().watch(who, () => this.giveBack(name))
      return true
    }

    giveBack(name: string): void {
      if (this.#holder !== name) return
      this.#unwatch()
      this.#holder = undefined
    }

    holder(): string | undefined {
      return this.#holder
    }
  },
)

export type LockRef = Ref<InstanceType<typeof Lock>>

/** Takes the lock, and gives it back in another message. */
export const Holder = actor(
  import.meta,
  class Holder {
    readonly #name: string
    readonly #lock: LockRef

    constructor(name: string, lock: LockRef) {
      this.#name = name
      this.#lock = patient(lock)
    }

    async take(): Promise<void> {
      while (!(await this.#lock.ask.tryTake(this.#name, self().ref))) await sleep(1)
    }

    async giveBack(): Promise<void> {
      await this.#lock.ask.giveBack(this.#name)
    }
  },
)

/** On a busy machine the start of a worker takes long. */
export function patient<T extends object>(ref: Ref<T>): Ref<T> {
  return ref.with({ timeoutMs: 120_000 })
}
