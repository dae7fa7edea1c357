/**
 * All that a simulated thread can do, as a tree: each node is what comes next after one list of
 * answers. Made as it is asked for.
 */
import { type Answer, type Next, nextOf } from './recorder.ts'

let nodes = 0

/**
 * What one thread does: bodies, one after the other, that carry nothing over; so what was answered
 * to one is forgotten in the next.
 */
export class Script {
  readonly agent: number
  readonly agents: Int32Array
  readonly #bodies: readonly (() => unknown)[]
  readonly #roots: ThreadNode[] = []

  constructor(bodies: readonly (() => unknown)[], agent: number, agents: Int32Array) {
    this.#bodies = bodies
    this.agent = agent
    this.agents = agents
  }

  /** Where it begins body number `at`; undefined behind the last one. */
  rootOf(at: number): ThreadNode | undefined {
    const body = this.#bodies[at]
    if (body === undefined) return undefined
    this.#roots[at] ??= new ThreadNode(this, at, body, [])
    return this.#roots[at]
  }
}

export class ThreadNode {
  /** Another one for each node: the whole state of a thread, in a number. */
  readonly id: number = ++nodes
  readonly next: Next
  readonly #script: Script
  readonly #at: number
  readonly #body: () => unknown
  readonly #answers: readonly Answer[]
  readonly #after = new Map<Answer, ThreadNode>()
  #late: ThreadNode | undefined

  constructor(script: Script, at: number, body: () => unknown, answers: readonly Answer[]) {
    this.#script = script
    this.#at = at
    this.#body = body
    this.#answers = answers
    this.next = nextOf(body, script.agent, script.agents, answers)
  }

  /** Where the thread is once its operation was answered so. */
  after(answer: Answer): ThreadNode {
    let node = this.#after.get(answer)
    if (node === undefined) {
      node = new ThreadNode(this.#script, this.#at, this.#body, [...this.#answers, answer])
      this.#after.set(answer, node)
    }
    return node
  }

  /** The beginning of the next body, once this one has returned. */
  get following(): ThreadNode | undefined {
    return this.next.kind === 'done' ? this.#script.rootOf(this.#at + 1) : undefined
  }

  /**
   * The beginning of what is done when the wait here, which was given up, is notified all the same.
   */
  late(passOn: () => void): ThreadNode {
    this.#late ??= new Script([passOn], this.#script.agent, this.#script.agents).rootOf(0) as ThreadNode
    return this.#late
  }
}
