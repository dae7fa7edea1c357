/**
 * What tasks on a thread print, on its way to the output of this process.
 *
 *     console.log ─▶ the thread's process.stdout ─▶ message, ahead of the answer ─┊─▶ process.stdout
 *     the thread waits while too much is on its way ◀──── a word: bytes taken ◀───┊
 *
 * Node sends a thread's output over a port of its own, in parts: answers overtake it, and what
 * waits is lost when the thread is ended. Here output goes over the connection to the pool, at once
 * and in order, and what a thread printed before it was ended is read like its other messages.
 */
import { add, load } from '../runtime/atomics.ts'
import { runtime } from '../runtime/runtime.ts'
import { tell } from '../task/listeners.ts'

/** Something was printed. */
export interface OutputMessage {
  readonly kind: 'printed'
  readonly to: 'stdout' | 'stderr'
  readonly parts: readonly (string | Uint8Array)[]
  readonly bytes: number
}

/**
 * Words that a thread and its pool share: the call that was cancelled last, and how many bytes of
 * output were read.
 */
export const threadWords = { cancelled: 0, outputTaken: 1 } as const

/**
 * The most output that is on its way at a time, as long as the printing code heeds back-pressure.
 */
const mostBytes = 1_048_576
const lookAgainMs = 5

export function isOutput(message: unknown): message is OutputMessage {
  if (typeof message !== 'object' || message === null) return false
  const { kind, to, parts, bytes } = message as Record<string, unknown>
  return (
    kind === 'printed' &&
    (to === 'stdout' || to === 'stderr') &&
    Number.isInteger(bytes) &&
    Array.isArray(parts) &&
    parts.every(part => typeof part === 'string' || part instanceof Uint8Array)
  )
}

/** What a worker printed, as `onOutput` gets it. */
export interface WorkerOutput {
  /** The worker's name, as `thread 2`. */
  readonly worker: string
  readonly stream: 'stdout' | 'stderr'
  /** As it was written: a line may come in parts. */
  readonly text: string
}

export type OnOutput = (output: WorkerOutput) => void

/** Hands over what was printed on a thread. */
export function handOverPrinted(
  { to, parts, bytes }: OutputMessage,
  words: Int32Array,
  worker: string,
  onOutput: OnOutput,
): void {
  const text = parts
    .map(part => (typeof part === 'string' ? part : Buffer.from(part).toString('utf8')))
    .join('')
  tell('onOutput', onOutput, { worker, stream: to, text })
  add(words, threadWords.outputTaken, bytes)
}

/** Prints here what was printed on a thread. */
export function print({ to, parts, bytes }: OutputMessage, words: Int32Array): void {
  const stream = process[to]
  for (const part of parts) stream.write(part)
  const taken = () => void add(words, threadWords.outputTaken, bytes)
  // Only a stream of Node's tells when there is room again: a test runner may have put its own
  // `write` there.
  if (stream.writableNeedDrain) stream.once('drain', taken)
  else taken()
}

/** A part of what is written to a stream, as Node hands it over. */
interface Chunk {
  readonly chunk: string | Uint8Array
  readonly encoding: BufferEncoding
}

/** The streams of a thread, whose parts go to `send`. */
export class ThreadOutput {
  readonly #send: (message: OutputMessage) => void
  readonly #words: Int32Array
  #sentBytes = 0
  /** Lets the streams go on whose last part was one too many. */
  readonly #held = new Set<() => void>()

  constructor(words: Int32Array, send: (message: OutputMessage) => void) {
    this.#words = words
    this.#send = send
    for (const name of ['stdout', 'stderr'] as const) this.#take(name)
    process.on('exit', () => this.flush())
  }

  /** Sends what waits, though there is much: an answer follows, or the end. */
  flush(): void {
    for (const release of this.#held) {
      this.#held.delete(release)
      release()
    }
  }

  /**
   * Node makes a stream when somebody looks at it first; most threads print nothing. Bun has it
   * there, as a plain value.
   */
  #take(name: 'stdout' | 'stderr'): void {
    const made = Object.getOwnPropertyDescriptor(process, name)
    let taken = false
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const stream: NodeJS.WriteStream = made?.value ?? made?.get?.call(process)
        if (!taken)
          stream._writev = (chunks: readonly Chunk[], done: () => void) => this.#write(name, chunks, done)
        taken = true
        return stream
      },
    })
  }

  #write(to: 'stdout' | 'stderr', chunks: readonly Chunk[], done: () => void): void {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk !== 'string' || encoding === 'utf8' ? chunk : Buffer.from(chunk, encoding),
    )
    const bytes = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
    this.#sentBytes = (this.#sentBytes + bytes) | 0
    this.#send({ kind: 'printed', to, parts, bytes })
    if (this.#hasRoom) return done()
    this.#held.add(done)
    this.#lookAgain()
  }

  get #hasRoom(): boolean {
    return ((this.#sentBytes - load(this.#words, threadWords.outputTaken)) | 0) <= mostBytes
  }

  #lookAgain(): void {
    runtime().setTimer(lookAgainMs, () => {
      if (this.#held.size === 0) return
      if (this.#hasRoom) this.flush()
      else this.#lookAgain()
    })
  }
}
