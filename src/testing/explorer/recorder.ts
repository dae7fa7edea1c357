/**
 * Finds out what a simulated thread does next: runs its body from the beginning, answers the
 * operations that it has done before as they were answered, and stops at the first one that it has
 * not.
 *
 * So the code under test is the very code that runs in production, without a generator or an await
 * in it, and the state of a thread is exactly the list of answers that it has got. Bodies must be
 * deterministic but for those.
 */
import { type AtomicsStandIn, type Woken, withAtomics } from '../../runtime/atomics.ts'

export type OperationKind =
  | 'load'
  | 'store'
  | 'add'
  | 'and'
  | 'or'
  | 'exchange'
  | 'compareExchange'
  | 'wait'
  | 'notify'

/** One operation on shared memory that a thread is about to do. */
export interface Operation {
  readonly kind: OperationKind
  readonly words: Int32Array
  readonly at: number
  /** What it stores, adds, expects or counts. */
  readonly value: number
  /** What `compareExchange` stores; the time of `wait`, in ms. */
  readonly second: number
  /**
   * Of a wait that can be given up, but not taken back: what a notification does that comes
   * afterwards.
   */
  readonly passOn?: (() => void) | undefined
}

export type Answer = number | Woken | 'aborted'

/** What comes next in a thread. */
export type Next =
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }

class Pause {}
const pause = new Pause()

/** The thread that is being run, for `abortableWait`. */
let running: Recorder | undefined

class Recorder implements AtomicsStandIn {
  readonly agent: number
  readonly agents: Int32Array
  pending: Operation | undefined
  readonly #answers: readonly Answer[]
  #next = 0
  #nowMs = 0

  constructor(agent: number, agents: Int32Array, answers: readonly Answer[]) {
    this.agent = agent
    this.agents = agents
    this.#answers = answers
  }

  now(): number {
    return this.#nowMs
  }

  load(words: Int32Array, at: number): number {
    return this.#number('load', words, at, 0, 0)
  }

  store(words: Int32Array, at: number, value: number): void {
    this.#number('store', words, at, value, 0)
  }

  add(words: Int32Array, at: number, value: number): number {
    return this.#number('add', words, at, value, 0)
  }

  and(words: Int32Array, at: number, value: number): number {
    return this.#number('and', words, at, value, 0)
  }

  or(words: Int32Array, at: number, value: number): number {
    return this.#number('or', words, at, value, 0)
  }

  exchange(words: Int32Array, at: number, value: number): number {
    return this.#number('exchange', words, at, value, 0)
  }

  compareExchange(words: Int32Array, at: number, expected: number, value: number): number {
    return this.#number('compareExchange', words, at, expected, value)
  }

  notify(words: Int32Array, at: number, count: number): number {
    return this.#number('notify', words, at, count, 0)
  }

  wait(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken {
    return this.abortableWait(words, at, expected, timeoutMs, undefined) as Woken
  }

  waitAsync(): never {
    throw new TypeError('Explored threads wait with acquireSync() and its like; explore awaits nothing.')
  }

  abortableWait(
    words: Int32Array,
    at: number,
    expected: number,
    timeoutMs: number,
    passOn: (() => void) | undefined,
  ): Answer {
    const operation: Operation = { kind: 'wait', words, at, value: expected, second: timeoutMs, passOn }
    const answer = this.#answer(operation)
    if (answer === 'timed-out') this.#nowMs += timeoutMs
    return answer
  }

  #number(kind: OperationKind, words: Int32Array, at: number, value: number, second: number): number {
    return this.#answer({ kind, words, at, value, second }) as number
  }

  #answer(operation: Operation): Answer {
    if (this.#next < this.#answers.length) return this.#answers[this.#next++] as Answer
    this.pending ??= operation // What a `finally` does on the way out is not what comes next.
    throw pause
  }
}

/** What `body` does after it has got these answers. */
export function nextOf(
  body: () => unknown,
  agent: number,
  agents: Int32Array,
  answers: readonly Answer[],
): Next {
  const recorder = new Recorder(agent, agents, answers)
  const before = running
  running = recorder
  let ended: Next
  try {
    ended = { kind: 'done', value: withAtomics(recorder, body) }
  } catch (error) {
    ended = { kind: 'threw', error }
  } finally {
    running = before
  }
  return recorder.pending === undefined ? ended : { kind: 'operation', operation: recorder.pending }
}

/** Within an explored thread: a wait that may be given up at any time, as by an AbortSignal. */
export function abortableWait(
  words: Int32Array,
  at: number,
  expected: number,
  timeoutMs: number,
  passOn: (() => void) | undefined,
): Answer {
  if (running === undefined) throw new TypeError('Only explored threads wait like this.')
  return running.abortableWait(words, at, expected, timeoutMs, passOn)
}
