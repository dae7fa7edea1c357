/**
 * The queues of a namespace on the server: of each lane a consumer, which is the same for all
 * nodes, so that each task goes to one of them; how full they are; and their lease.
 *
 * The lease of a queue is its consumers', so one for all nodes: who beats more slowly than that
 * would lose what it runs. A node takes the lease that it finds, or sets its own where nobody is
 * there to lose by it.
 */
import { wallMs } from '../../runtime/wall.ts'
import { type Depth, defaultLeaseMs } from '../engine.ts'
import { type Lane, lanes } from './pull.ts'
import { Denied } from './requests.ts'
import { type ConsumerConfig, consumerOf, queueOf, type Streams } from './streams.ts'

export interface QueuesParts {
  /** The stream of tasks. */
  readonly stream: string
  /** What the subjects of its messages begin with. */
  readonly root: string
  /** The lease of a queue that is made now. */
  readonly leaseMs: number
  opened(): Promise<{ readonly streams: Streams }>
}

export class Queues {
  readonly #parts: QueuesParts
  /** Of each queue that is known. */
  readonly #leasesMs = new Map<string, number>()

  constructor(parts: QueuesParts) {
    this.#parts = parts
  }

  /** The shortest one of the queues that are used here. */
  get leaseMs(): number {
    return this.#leasesMs.size === 0 ? this.#parts.leaseMs : Math.min(...this.#leasesMs.values())
  }

  filterOf(queue: string, lane: Lane): string {
    return `${this.#parts.root}.t.${queue}.${lane}.*`
  }

  /** Makes what is not there of it. */
  async make(queue: string): Promise<void> {
    const { streams } = await this.#parts.opened()
    let leaseMs = Number.POSITIVE_INFINITY
    for (const lane of lanes) {
      const found = await streams.ensureConsumer(this.#parts.stream, this.#configOf(queue, lane))
      leaseMs = Math.min(leaseMs, found.ack_wait / 1e6)
    }
    this.#leasesMs.set(queue, leaseMs)
  }

  /**
   * Before a node takes its first task: gives the queue the lease that was asked for, if no other
   * node is there and nothing is taken. Otherwise the node goes by the queue's; it says so if that
   * is longer. Who asks for the default takes whatever the queue has.
   */
  async agree(queue: string, isAlone: () => Promise<boolean>): Promise<void> {
    const { leaseMs } = this.#parts
    const found = this.#leasesMs.get(queue)
    if (found === undefined || found === leaseMs || leaseMs === defaultLeaseMs) return
    if ((await this.#isIdle(queue)) && (await isAlone()) && (await this.#change(queue))) {
      this.#leasesMs.set(queue, leaseMs)
      return
    }
    if (found < leaseMs) return
    process.emitWarning(
      `Queue ${queue} has a lease of ${found} ms, which this node keeps. To set ${leaseMs} ms, start the first node with it, while no task is taken; of the roles of init, the admin's may.`,
      { type: 'AtonceWarning', code: 'ATONCE_LEASE' },
    )
  }

  async depth(queue: string): Promise<Depth> {
    const { streams } = await this.#parts.opened()
    let waiting = 0
    let taken = 0
    let redelivered = 0
    const ages: number[] = []
    for (const lane of lanes) {
      const info = await streams.consumer(this.#parts.stream, consumerOf(queue, lane))
      let { num_pending: pending, num_ack_pending: given } = info
      if (pending + given > 0) {
        // A server that was killed may count tasks that are done and gone: 2.9.10 does.
        const left = await this.left(queue, lane)
        given = Math.min(given, left)
        pending = Math.min(pending, left - given)
      }
      redelivered += Math.min(info.num_redelivered, given)
      if (pending + given > 0) ages.push(...(await this.#ageOf(queue, lane)))
      waiting += pending + (lane === 'later' ? given : 0)
      taken += lane === 'later' ? 0 : given
    }
    const oldestMs = ages.length === 0 ? undefined : Math.max(...ages)
    return { waiting, taken, redelivered, oldestMs }
  }

  /** How many tasks of a lane are in the store. */
  async left(queue: string, lane: Lane): Promise<number> {
    const { streams } = await this.#parts.opened()
    return streams.count(this.#parts.stream, this.filterOf(queue, lane))
  }

  /** All that were ever made; none for a user who may not look. */
  async names(): Promise<string[]> {
    const { streams } = await this.#parts.opened()
    const names = await streams.consumerNames(this.#parts.stream).catch(unlessDenied)
    return [...new Set((names ?? []).flatMap(name => queueOf(name) ?? []))]
  }

  #configOf(queue: string, lane: Lane): ConsumerConfig {
    return {
      durable_name: consumerOf(queue, lane),
      ack_policy: 'explicit',
      deliver_policy: 'all',
      replay_policy: 'instant',
      ack_wait: this.#parts.leaseMs * 1e6,
      filter_subject: this.filterOf(queue, lane),
      max_ack_pending: lane === 'later' ? 1_000_000 : 20_000,
      max_deliver: -1,
    }
  }

  /** What is delayed is taken from the queue's view, and in nobody's hand. */
  async #isIdle(queue: string): Promise<boolean> {
    const { streams } = await this.#parts.opened()
    for (const lane of lanes) {
      const info = await streams.consumer(this.#parts.stream, consumerOf(queue, lane))
      if (lane !== 'later' && info.num_ack_pending > 0) return false
    }
    return true
  }

  /** Whether this user may. */
  async #change(queue: string): Promise<boolean> {
    const { streams } = await this.#parts.opened()
    try {
      for (const lane of lanes) await streams.makeConsumer(this.#parts.stream, this.#configOf(queue, lane))
      return true
    } catch (error) {
      return unlessDenied(error) ?? false
    }
  }

  /**
   * How long the oldest task of a lane is there, or one of the oldest; nothing if this user may not
   * look into it.
   */
  async #ageOf(queue: string, lane: Lane): Promise<number[]> {
    const { streams } = await this.#parts.opened()
    const looking = streams.next(this.#parts.stream, 1, this.filterOf(queue, lane))
    const first = await looking.catch(() => undefined)
    return first === undefined ? [] : [Math.max(0, wallMs() - first.storedMs)]
  }
}

function unlessDenied(error: unknown): undefined {
  if (!(error instanceof Denied)) throw error
}
