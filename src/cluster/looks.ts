/**
 * What a caller does for calls of which it hears nothing, as any hint may get lost: it looks at
 * their records in the store.
 *
 *     every 2 s, each call that is not over ─▶ its record
 *         none            ─▶ it waits
 *         begun by node n ─▶ it runs; the record of n is gone, for a whole lease ─▶ settled: NodeLostError
 *         settled         ─▶ so it is; of a stream, once all its values have come
 *
 * A node writes its record every 3 s; it goes 15 s after the last one. By then, and a lease later,
 * the node has given the task no sign of life for a lease, whatever has happened to it: another one
 * would give it up, if there were one. If it lives all the same, its ending comes second.
 */
import { ConnectionLostError } from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import type { Call } from './call.ts'
import { endedByCaller } from './ending.ts'
import { type Engine, keptMs } from './engine.ts'
import { NodeLostError } from './errors.ts'
import { type Order, readEnding, type Settled, writeMessage } from './messages.ts'
import { failureOf } from './node-job.ts'

/** What becomes of a call that was looked at. */
export interface LooksOwner {
  started(call: Call, node: string): void
  settled(call: Call, ending: Settled): void
  failed(call: Call, error: Error): void
  order(node: string | undefined, order: Order): void
}

const everyMs = 2_000
/** How many calls are looked at each time. */
const mostAtOnce = 256
/** A stream fails after this many looks without its missing value. */
const patientLooks = 5

export class Looks {
  readonly #engine: Engine
  readonly #calls: ReadonlyMap<string, Call>
  readonly #owner: LooksOwner
  /** Since when no record of a node is there. */
  readonly #missingSinceMs = new Map<string, number>()
  #timer: Timer | undefined
  /** Where among the calls to go on. */
  #from = 0
  #stopped = false

  /** `calls` are those that are not over, by id. */
  constructor(engine: Engine, calls: ReadonlyMap<string, Call>, owner: LooksOwner) {
    this.#engine = engine
    this.#calls = calls
    this.#owner = owner
  }

  /** There is a call to look at. */
  soon(): void {
    if (this.#timer !== undefined || this.#stopped) return
    this.#timer = runtime().setTimer(everyMs, () => {
      this.#timer = undefined
      if (this.#calls.size > 0) void this.#look().finally(() => this.soon())
    })
    if (this.#calls.size === 0) this.#timer.unref()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const oldMs = runtime().now() - everyMs / 2
    const calls = [...this.#calls.values()]
    const from = this.#from < calls.length ? this.#from : 0
    this.#from = from + mostAtOnce
    const asked = calls.slice(from, from + mostAtOnce).filter(({ sinceMs }) => sinceMs < oldMs)
    await Promise.all(asked.map(call => this.#lookAt(call).catch(() => {}))) // The next look asks again.
  }

  async #lookAt(call: Call): Promise<void> {
    this.#sayAgain(call)
    const record = await this.#engine.records('calls').get(call.id)
    const ending = record === undefined ? undefined : readEnding(record.bytes)
    if (call.state === 'over' || record === undefined || ending === undefined) return
    if (ending.kind === 'begun') {
      this.#owner.started(call, ending.node)
      return await this.#giveUp(call, ending.node, record.revision)
    }
    if (call.isWhole(ending)) this.#owner.settled(call, ending)
    else if (call.hasLost(patientLooks)) {
      const worker = ending.node
      this.#owner.failed(
        call,
        new ConnectionLostError('values of its stream were lost on the way', { worker }),
      )
    }
  }

  /** What the node of a stream was told last may have got lost. */
  #sayAgain({ id, job, state, leaving, granted, node }: Call): void {
    if (job.stream === undefined || state !== 'running') return
    if (leaving === undefined) this.#owner.order(node, { kind: 'granted', id, total: granted })
    else this.#owner.order(node, { kind: 'leave', id, failure: failureOf(leaving) })
  }

  /** Its node may be gone, and no other one be there that would find it begun. */
  async #giveUp(call: Call, node: string, revision: number): Promise<void> {
    if (runtime().now() - call.sinceMs < keptMs.nodes || !(await this.#isLost(node))) return
    const ending = endedByCaller(call.id, failureOf(new NodeLostError(call.job.task.name, node)))
    const given = await this.#engine.records('calls').replace(call.id, writeMessage(ending), revision)
    if (given !== undefined) this.#owner.settled(call, ending)
  }

  /** Whether that node has been silent for so long that nobody waits for it any more. */
  async #isLost(node: string): Promise<boolean> {
    if (this.#engine.isLocal) return false // It lives and dies with this program.
    if ((await this.#engine.records('nodes').get(node)) !== undefined) {
      this.#missingSinceMs.delete(node)
      return false
    }
    const nowMs = runtime().now()
    const sinceMs = this.#missingSinceMs.get(node) ?? nowMs
    this.#missingSinceMs.set(node, sinceMs)
    return nowMs - sinceMs > this.#engine.leaseMs
  }
}
