/** Something that is done once, by whichever thread comes first. */
import { checkFunction } from '../checks.ts'
import { SyncUseError } from '../errors.ts'
import { newLockNumber } from '../runtime/agents.ts'
import { load, store } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { callAtOnce, nameIn, waitOptions } from './options.ts'
import { type Asking, disown, me, own } from './owned.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type WaitOptions } from './waiting.ts'

// The words: the owned one, whether it was done, the number of the body that `run` runs, or 0.
const done = 1
const running = 2

/** A body that `run` has called, and the one in which it was called. */
interface Body {
  readonly number: number
  readonly outer: Body | undefined
}

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks')
/** The body in which this code runs. A thread that is not stopped runs other code meanwhile. */
const bodies = new AsyncLocalStorage<Body>()

/**
 * Runs one function once, on whichever thread asks first; the others wait until it has returned. If
 * it throws, or its thread dies, the next one that asks runs it again.
 *
 * @example
 *     once.runSync(() => table.view.set(firstPrimes(1_000)))
 */
export class Once {
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number

  constructor(
    options: { readonly name?: string } = {},
    home: Home = newHome('once', 3, nameIn('new Once(…)', options)),
  ) {
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /** Whether it was done. */
  get done(): boolean {
    return load(this.#words, this.#at + done) === 1
  }

  /**
   * Runs `body` unless it was done; true if this call has. The thread stops while another one runs
   * it.
   * @throws SyncUseError on the main thread, within the function itself, and if that is async
   * @throws TimeoutError, DeadlockError, OptionError, and what `body` throws
   */
  runSync(body: () => void, given?: SyncWaitOptions): boolean {
    const options = waitOptions('sync', 'runSync()', this.name, given)
    needsToBlock('runSync()', this.name, 'await once.run(…)')
    if (this.done) return false
    const self = me()
    const taking = own(this.#words, this.#at, self, this.#asking(self))
    block(taking, this.name, timeoutOf('runSync()', options.timeoutMs))
    try {
      if (this.done) return false
      callAtOnce(`runSync() of ${this.name}`, body, 'Call: await once.run(…)')
      store(this.#words, this.#at + done, 1)
      return true
    } finally {
      disown(this.#words, this.#at, self)
    }
  }

  /**
   * As `runSync`, without stopping the thread; `body` may be async. Rejects with SyncUseError when
   * it is called within `body`, as it would wait for itself; with the signal's reason too.
   */
  async run(body: () => unknown, given?: WaitOptions): Promise<boolean> {
    const options = waitOptions('async', 'run()', this.name, given)
    checkFunction(`run() of ${this.name}`, body, 'once.run(() => …)')
    if (this.done) return false
    if (this.#runsHere()) throw this.#withinItself()
    const self = me()
    await suspend(own(this.#words, this.#at, self, this.#asking(undefined)), this.name, this, options)
    try {
      if (this.done) return false
      const number = newLockNumber()
      store(this.#words, this.#at + running, number)
      await bodies.run({ number, outer: bodies.getStore() }, body)
      store(this.#words, this.#at + done, 1)
      return true
    } finally {
      store(this.#words, this.#at + running, 0)
      disown(this.#words, this.#at, self)
    }
  }

  #runsHere(): boolean {
    const now = load(this.#words, this.#at + running)
    if (now === 0) return false
    let body = bodies.getStore()
    while (body !== undefined && body.number !== now) body = body.outer
    return body !== undefined
  }

  #withinItself(): SyncUseError {
    return new SyncUseError(
      `run() of ${this.name} within the function that it runs, and would wait for itself. Call run() outside of that function.`,
    )
  }

  #asking(blocks: number | undefined): Asking {
    return { name: this.name, blocks, take: true, tookOver: false }
  }

  static {
    crossesByHome(
      import.meta,
      Once,
      once => ({ words: once.#words, at: once.#at, name: once.name }),
      home => new Once({}, home),
    )
  }
}
