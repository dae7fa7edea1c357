/**
 * One call of this program on the cluster, from its submission to its outcome.
 *
 *     queued ──started──▶ running ──settled──▶ over
 *        └───────────── settled ─────────────────▲     cancelled, refused, or the hint that it began was lost
 */
import type { Inlet, Job } from '../executor/backend.ts'
import { decode } from '../wire/codec.ts'
import type { Ending, NodeNews } from './messages.ts'

type Yielded = Extract<NodeNews, { kind: 'yielded' | 'returning' }>

export class Call {
  readonly id: string
  readonly job: Job
  readonly sinceMs: number
  /** How long it waited until a node began it, as far as that is known. */
  waitedMs = 0
  state: 'queued' | 'running' | 'over' = 'queued'
  /** Who runs it, once that is known. */
  node: string | undefined
  /** Of a stream: all that it was allowed; and what it was told last, in case that got lost. */
  granted: number
  leaving: Error | undefined
  /** Messages of values that came before the one that is due. */
  readonly #early = new Map<number, Yielded>()
  #due = 0
  /** The ending of a stream of which values are still to come. */
  #held: Extract<Ending, { kind: 'settled' }> | undefined
  /** How often it was looked at since nothing has come. */
  #looks = 0

  constructor(id: string, job: Job, granted: number, sinceMs: number) {
    this.id = id
    this.job = job
    this.granted = granted
    this.sinceMs = sinceMs
  }

  started(node: string): void {
    if (this.state === 'over') return
    this.node = node
    if (this.state === 'running') return
    this.state = 'running'
    this.job.started()
  }

  /**
   * Values of its stream have come, in whatever order. Returns the ending if they were the last.
   */
  heard(news: Yielded): Extract<Ending, { kind: 'settled' }> | undefined {
    const { stream } = this.job
    if (stream === undefined || news.batch < this.#due) return undefined
    this.#looks = 0
    this.#early.set(news.batch, news)
    for (let next = this.#early.get(this.#due); next !== undefined; next = this.#early.get(this.#due)) {
      this.#early.delete(this.#due)
      this.#due += 1
      take(next, stream)
    }
    const held = this.#held
    return held !== undefined && held.batches <= this.#due ? held : undefined
  }

  /** Whether the ending counts now: of a stream, all values must have come before. */
  isWhole(ending: Extract<Ending, { kind: 'settled' }>): boolean {
    if (ending.batches <= this.#due || this.leaving !== undefined) return true
    this.#held = ending
    return false
  }

  /** Whether values that were sent have not come for so many looks: they were lost. */
  hasLost(looks: number): boolean {
    if (this.#held === undefined && this.#early.size === 0) return false
    this.#looks += 1
    return this.#looks > looks
  }
}

function take(news: Yielded, stream: Inlet): void {
  if (news.kind === 'returning') return stream.returning()
  stream.yielded(
    news.values.map(({ value, special }) => decode(value, special)),
    news.weight,
  )
}
