/**
 * A cancellation, as the store sees it: an ending like any other, and the first one counts.
 *
 *     cancel ─▶ order: look          on one connection it overtakes no task, and no task overtakes it
 *            ─▶ the ending in the task's record, its id among the cancelled ones
 *            ─▶ order: cancel        to whoever runs it
 *
 * It is tempting to let a node look at the record before it begins a task. That is a question to
 * the store for each task, and almost none is cancelled.
 */
import { runtime, type Timer } from '../runtime/runtime.ts'
import type { WireFailure } from '../wire/failure.ts'
import { endedByCaller } from './ending.ts'
import type { Engine, Records } from './engine.ts'
import { readEnding, writeMessage } from './messages.ts'

/**
 * Settles the task as cancelled, unless it has an ending. A node that has begun it sees that at its
 * next sign of life, if the order to stop got lost; what it comes to does not count any more.
 * @returns whether the task was cancelled by this
 */
export async function cancelInStore(
  engine: Engine,
  bucket: 'calls' | 'results',
  id: string,
  failure: WireFailure,
): Promise<boolean> {
  engine.publish('nodes', writeMessage({ kind: 'look', id }))
  const isCancelled = await settleAsCancelled(engine.records(bucket), id, failure)
  if (isCancelled) await engine.records('cancelled').create(id, new Uint8Array())
  return isCancelled
}

async function settleAsCancelled(records: Records, id: string, failure: WireFailure): Promise<boolean> {
  const bytes = writeMessage(endedByCaller(id, failure))
  for (;;) {
    if ((await records.create(id, bytes)) !== undefined) return true
    const known = await records.get(id)
    if (known === undefined) continue // Handed back just now.
    if (readEnding(known.bytes)?.kind !== 'begun') return false
    if ((await records.replace(id, bytes, known.revision)) !== undefined) return true
  }
}

/** Tells a node that runs it; of a task whose node is not known, all of them. */
export function orderToStop(
  engine: Engine,
  node: string | undefined,
  id: string,
  failure: WireFailure,
): void {
  engine.publish(node === undefined ? 'nodes' : `node.${node}`, writeMessage({ kind: 'cancel', id, failure }))
}

const loadEveryMs = 10_000
const mostHeard = 100_000

/**
 * The tasks whose record a node looks at before it begins them: those that were cancelled in the
 * last hour, as the store had them some seconds ago, and those that it was ordered to look at
 * since. One that is missed runs in vain, and what it comes to is dropped.
 */
export class Cancelled {
  readonly #engine: Engine
  #known: ReadonlySet<string> | undefined
  #heard = new Set<string>()
  #timer: Timer | undefined
  #stopped = false

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Whether it knows those that were cancelled before its node was there. */
  get isLoaded(): boolean {
    return this.#known !== undefined
  }

  has(id: string): boolean {
    return this.#heard.has(id) || this.#known?.has(id) === true
  }

  hear(id: string): void {
    if (this.#heard.size < mostHeard) this.#heard.add(id)
  }

  /** Goes on until `stop`. */
  load(): void {
    if (this.#stopped) return
    const before = [...this.#heard]
    const put = (ids: readonly string[]) => {
      this.#known = new Set(ids)
      for (const id of before) this.#heard.delete(id) // The store had them first.
    }
    const again = () => {
      if (this.#stopped) return
      this.#timer = runtime().setTimer(loadEveryMs, () => this.load())
      this.#timer.unref()
    }
    void this.#engine
      .records('cancelled')
      .keys()
      .then(put, () => {})
      .then(again)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
