/**
 * Inputs, cut into chunks as they are asked for. The first chunks are small; what they took says
 * how large the next ones are.
 */
import { runtime } from '../runtime/runtime.ts'

export type Inputs<T> = Iterable<T> | AsyncIterable<T>

/**
 * What one chunk is to take. Long enough that its message (some 50 µs) costs little, short enough
 * that workers end together.
 */
const chunkMs = 10
/** Where the number of inputs is known, each worker gets at least this many chunks. */
const chunksPerWorker = 4
/**
 * A chunk is at most so many times as large as the largest before it: the first items may be cheap.
 */
const growth = 8
const mostInChunk = 65_536
/** An asynchronous source that is slow does not hold back what has come. */
const longestWaitMs = 5

/** How large chunks are. */
export class ChunkSizes {
  readonly #fixed: number | undefined
  readonly #workers: number
  #size = 1

  /** `size` is what the user asks for; `single` says that nothing is gained by more than one. */
  constructor(size: number | 'auto', workers: number, single: boolean) {
    this.#fixed = size === 'auto' ? (single ? 1 : undefined) : size
    this.#workers = workers
  }

  /** The size of the next chunk, with so many inputs left. */
  next(left: number | undefined): number {
    if (this.#fixed !== undefined) return this.#fixed
    if (left === undefined) return this.#size
    return Math.max(1, Math.min(this.#size, Math.ceil(left / (chunksPerWorker * this.#workers))))
  }

  /** Notes how long a number of inputs took. */
  learn(inputs: number, workMs: number): void {
    if (inputs === 0) return
    const wanted = workMs === 0 ? Number.POSITIVE_INFINITY : Math.floor((inputs * chunkMs) / workMs)
    const grown = Math.max(inputs, this.#size) * growth
    this.#size = Math.max(1, Math.min(wanted, grown, mostInChunk))
  }
}

/** How many there are, if that can be seen. */
export function countOf(inputs: Inputs<unknown>): number | undefined {
  if (Array.isArray(inputs) || isNumbers(inputs)) return inputs.length
  return inputs instanceof Set || inputs instanceof Map ? inputs.size : undefined
}

/** The chunks, one each time that one is asked for. Numbers on shared memory are not copied. */
export function chunksOf(
  inputs: Inputs<unknown>,
  sizes: ChunkSizes,
): Iterable<ArrayLike<unknown>> | AsyncIterable<ArrayLike<unknown>> {
  if (isNumbers(inputs)) return viewsOf(inputs, sizes)
  return Symbol.iterator in inputs ? listsOf(inputs, sizes, countOf(inputs)) : arriving(inputs, sizes)
}

interface Numbers extends Iterable<unknown>, ArrayLike<unknown> {
  readonly buffer: ArrayBufferLike
  slice(from: number, to: number): Numbers
  subarray(from: number, to: number): Numbers
}

function isNumbers(inputs: unknown): inputs is Numbers {
  return ArrayBuffer.isView(inputs) && !(inputs instanceof DataView)
}

function* viewsOf(numbers: Numbers, sizes: ChunkSizes): Generator<Numbers> {
  const shared = numbers.buffer instanceof SharedArrayBuffer
  for (let from = 0; from < numbers.length; ) {
    const to = Math.min(numbers.length, from + sizes.next(numbers.length - from))
    yield shared ? numbers.subarray(from, to) : numbers.slice(from, to)
    from = to
  }
}

function* listsOf(inputs: Iterable<unknown>, sizes: ChunkSizes, count?: number): Generator<unknown[]> {
  let read = 0
  let size = sizes.next(count)
  let list: unknown[] = []
  for (const input of inputs) {
    list.push(input)
    read += 1
    if (list.length < size) continue
    yield list
    list = []
    size = sizes.next(count === undefined ? undefined : Math.max(0, count - read))
  }
  if (list.length > 0) yield list
}

async function* arriving(inputs: AsyncIterable<unknown>, sizes: ChunkSizes): AsyncGenerator<unknown[]> {
  let list: unknown[] = []
  let beganMs = runtime().now()
  for await (const input of inputs) {
    list.push(input)
    if (list.length < sizes.next(undefined) && runtime().now() - beganMs < longestWaitMs) continue
    yield list
    list = []
    beganMs = runtime().now()
  }
  if (list.length > 0) yield list
}
