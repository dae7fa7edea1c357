/** The inputs of `map`: read lazily, never further than asked, from any kind of source. */
import { OptionError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import { checkStep } from '../../task/step.ts'
import { listFor, type Packed, type TypedArray } from './packed.ts'

const { types } = process.getBuiltinModule('node:util')

/** Inputs that were read. */
export interface Batch {
  readonly inputs: Packed
  /** Whether there are no more. */
  readonly ended: boolean
  /** Why there are no more, if the inputs threw after those that were read. */
  readonly failed?: { readonly error: unknown }
}

export interface Source {
  /** How many inputs there are in all, if one can know. */
  readonly total: number | undefined
  /**
   * Reads at most so many, at least one unless it has ended; fewer, where they come slowly. It
   * never throws. A promise comes from an asynchronous iterator only; it holds what came before the
   * iterator made it wait.
   */
  take(most: number): Batch | Promise<Batch>
  /** Nobody wants the rest: lets a generator run its `finally`. Not to be called after the end. */
  close(): void
}

/**
 * Opens the inputs. `shares` says whether a worker can see shared memory: views on it are then not
 * copied.
 * @throws OptionError if they can't be iterated over
 */
export function openInputs(
  inputs: unknown,
  { shares, what = 'map(task, inputs)' }: { shares: boolean; what?: string },
): Source {
  const given = inputs as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown } | null | undefined
  if (typeof given?.[Symbol.asyncIterator] === 'function')
    return new AsyncSource(inputs as AsyncIterable<unknown>)
  if (typeof given?.[Symbol.iterator] !== 'function') {
    throw new OptionError(
      `${what} takes an array, a typed array, or anything that can be iterated over; it got ${inputs === null ? 'null' : typeof inputs}. Wrap a single input: [input].`,
    )
  }
  if (types.isTypedArray(inputs) && given[Symbol.iterator] === typedIterator)
    return new TypedSource(inputs, shares)
  if (Array.isArray(inputs) && given[Symbol.iterator] === Array.prototype[Symbol.iterator])
    return new ArraySource(inputs)
  return new IteratorSource(inputs as Iterable<unknown>)
}

const typedIterator: unknown = Object.getPrototypeOf(Uint8Array.prototype)[Symbol.iterator]

/** An array that iterates as arrays do, up to the length that it has when its end is met. */
class ArraySource implements Source {
  readonly #array: readonly unknown[]
  #at = 0

  constructor(array: readonly unknown[]) {
    this.#array = array
  }

  get total(): number {
    return this.#array.length
  }

  take(most: number): Batch {
    const array = this.#array
    const from = this.#at
    const count = Math.max(0, Math.min(array.length - from, most))
    const inputs = listFor(count)
    let read = 0
    try {
      for (; read < count; read += 1) inputs[read] = array[from + read]
    } catch (error) {
      inputs.length = read
      return { inputs, ended: true, failed: { error } } // A getter, or a Proxy, that throws.
    }
    this.#at = from + count
    return { inputs, ended: count < most }
  }

  close(): void {}
}

/**
 * A typed array is cut into typed arrays. A view on shared memory is shared, where workers can see
 * it.
 */
class TypedSource implements Source {
  readonly #array: TypedArray
  readonly #shares: boolean
  #at = 0

  constructor(array: unknown, shares: boolean) {
    // A Buffer's own slice() would be a view on the same memory.
    this.#array = Buffer.isBuffer(array)
      ? new Uint8Array(array.buffer, array.byteOffset, array.length)
      : (array as TypedArray)
    this.#shares = shares && types.isSharedArrayBuffer(this.#array.buffer)
  }

  get total(): number {
    return this.#array.length
  }

  take(most: number): Batch {
    const from = this.#at
    this.#at = Math.min(this.#array.length, from + most)
    try {
      const inputs = this.#shares ? this.#array.subarray(from, this.#at) : this.#array.slice(from, this.#at)
      return { inputs, ended: inputs.length < most }
    } catch (error) {
      return { inputs: [], ended: true, failed: { error } } // It was moved away meanwhile.
    }
  }

  close(): void {}
}

/**
 * Inputs that take long to make are sent before there are many: meanwhile workers wait, and so does
 * the event loop.
 */
const longestTakeMs = 2

/**
 * After each of the first inputs, then now and then: reading the clock costs as much as a plain
 * iterator's step.
 */
function looksAtClock(inputs: number): boolean {
  return inputs < 16 || inputs % 16 === 0
}

class IteratorSource implements Source {
  readonly total: number | undefined
  readonly #iterator: Iterator<unknown>

  constructor(inputs: Iterable<unknown>) {
    this.total = countOf(inputs)
    this.#iterator = inputs[Symbol.iterator]()
  }

  take(most: number): Batch {
    const inputs: unknown[] = []
    const startedMs = runtime().now()
    try {
      while (inputs.length < most) {
        const next = checkStep(this.#iterator.next())
        if (next.done) return { inputs, ended: true }
        inputs.push(next.value)
        if (looksAtClock(inputs.length) && runtime().now() - startedMs > longestTakeMs) break
      }
    } catch (error) {
      return { inputs, ended: true, failed: { error } }
    }
    return { inputs, ended: false }
  }

  close(): void {
    closeIterator(this.#iterator)
  }
}

class AsyncSource implements Source {
  readonly total: number | undefined
  readonly #iterator: AsyncIterator<unknown>
  /** An input that was asked for and has not come. */
  #coming: Promise<IteratorResult<unknown>> | undefined

  constructor(inputs: AsyncIterable<unknown>) {
    this.total = countOf(inputs)
    this.#iterator = inputs[Symbol.asyncIterator]()
  }

  take(most: number): Promise<Batch> {
    const { promise, resolve } = Promise.withResolvers<Batch>()
    const inputs: unknown[] = []
    let over = false
    const finish = (end: Pick<Batch, 'ended' | 'failed'>) => {
      over = true
      resolve({ inputs, ...end })
    }
    const ask = () => {
      this.#coming ??= this.#next()
      this.#coming.then(
        next => {
          if (over) return // It stays for the next take.
          this.#coming = undefined
          if (next.done) return finish({ ended: true })
          inputs.push(next.value)
          if (inputs.length === most) return finish({ ended: false })
          // What a source gives without waiting travels together; for what it waits for, nothing
          // that is there waits.
          if (inputs.length === 1)
            runtime()
              .yieldToLoop()
              .then(() => over || finish({ ended: false }))
          ask()
        },
        error => over || finish({ ended: true, failed: { error } }),
      )
    }
    ask()
    return promise
  }

  /** As an async function, so that what `next` throws at once is a rejection too. */
  async #next(): Promise<IteratorResult<unknown>> {
    return checkStep(await this.#iterator.next())
  }

  close(): void {
    this.#coming?.catch(() => {}) // Nobody waits for it any more.
    closeIterator(this.#iterator)
  }
}

/** Nobody is left to hear what it throws when it is closed. */
function closeIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => {})
  } catch {}
}

function countOf(inputs: unknown): number | undefined {
  const { length, size } = inputs as { length?: unknown; size?: unknown }
  return [length, size].find(count => Number.isInteger(count)) as number | undefined
}
