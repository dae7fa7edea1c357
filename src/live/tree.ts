/** What runs now, as plain data: it can be printed here, or be sent to whoever has asked. */
import type { Age } from '../runtime/birth.ts'

/** Raised when what is below changes its meaning: the asking command may be of another version. */
export const treeVersion = 1

export interface LiveTree {
  readonly version: number
  /** The outermost scopes that are not inside of a call. */
  readonly scopes: readonly LiveNode[]
  /** Executors that are not closed. */
  readonly executors: readonly LiveNode[]
  /** Limiters with calls that run or wait. */
  readonly limiters: readonly LiveNode[]
  /** Channels that somebody waits for. */
  readonly channels: readonly LiveNode[]
  /** Whoever else waits: `main`, outside of every scope and task, and, in a worker, the calls that it runs. */
  readonly others: readonly LiveNode[]
}

/** Something that lives, or waits. */
export interface LiveNode {
  readonly kind:
    | 'scope'
    | 'child'
    | 'executor'
    | 'worker'
    | 'call'
    | 'limiter'
    | 'channel'
    | 'waiting'
    | 'more'
  readonly name: string
  readonly state: string
  /** Of executors, what they do, in numbers; of calls, who has made them. */
  readonly detail?: string | undefined
  /** Of a worker process. */
  readonly pid?: number | undefined
  /** In this state, if that is known. */
  readonly age?: Age | undefined
  /** So many calls that are alike stand here as one. Default 1. */
  readonly count?: number | undefined
  readonly waitsFor: readonly LiveWait[]
  /** What it has started, oldest first. */
  readonly inside: readonly LiveNode[]
}

export interface LiveWait {
  /** In words: `a free place in the queue`. */
  readonly reason: string
  readonly age?: Age | undefined
}

/** The most nodes of one list that are told one by one. */
const mostTold = 500

/** A node for each, and one that counts the rest, so that a million children can be looked at too. */
export function nodesOf<T>(things: readonly T[], node: (thing: T) => LiveNode): LiveNode[] {
  const nodes = things.slice(0, mostTold).map(node)
  return things.length <= mostTold ? nodes : [...nodes, more(things.length - mostTold)]
}

/** Stands for those that are not told. */
export function more(count: number): LiveNode {
  return { kind: 'more', name: 'more', state: '', count, waitsFor: [], inside: [] }
}
