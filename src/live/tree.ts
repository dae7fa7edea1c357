/** What runs now, as plain data: it can be printed here, or be sent to whoever has asked. */
import type { Age } from '../runtime/birth.ts'

/** Raised when what is below changes its meaning: the asking command may be of another version. */
export const treeVersion = 2

export interface LiveTree {
  readonly version: number
  /** The outermost scopes that are not inside of a call. */
  readonly scopes: readonly LiveNode[]
  /** Executors that are not closed. */
  readonly executors: readonly LiveNode[]
  /** Limiters with calls that run or wait. */
  readonly limiters: readonly LiveNode[]
  /** Channels with waiting senders or receivers. */
  readonly channels: readonly LiveNode[]
  /** Trees of supervised actors; undefined where no part of actors is loaded. */
  readonly actors?: readonly LiveNode[] | undefined
  /** In a worker: the calls that it has begun, with what is inside of them. */
  readonly calls: readonly LiveNode[]
  /** Whoever else waits: `main`, outside of every scope and task. */
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
    | 'supervisor'
    | 'actor'
    | 'waiting'
    | 'more'
  readonly name: string
  readonly state: string
  /** Of executors, what they do, in numbers; of calls, who has made them. */
  readonly detail?: string | undefined
  /** Of a worker process. */
  readonly pid?: number | undefined
  /** Of a worker thread, by Node's count in its process. */
  readonly threadId?: number | undefined
  /**
   * Of a call that a worker has: its number there, the same in the tree of the pool and in that of
   * the worker.
   */
  readonly seq?: number | undefined
  /**
   * Of a call in a worker: whether other threads may let it go on, as it has ends of channels or
   * calls of its own there.
   */
  readonly wokenFromOutside?: boolean | undefined
  /**
   * Of a worker whose own thread or process was looked into: how that went. What was found is
   * inside.
   */
  readonly within?: Within | undefined
  /** In this state, if that is known. */
  readonly age?: Age | undefined
  /** How many calls that are alike stand here as one. Default 1. */
  readonly count?: number | undefined
  /** Of an actor or supervisor that has failed: the last times, oldest first. */
  readonly failures?: readonly LiveFailure[] | undefined
  readonly waitsFor: readonly LiveWait[]
  /** What it has started, oldest first. */
  readonly inside: readonly LiveNode[]
}

/** How the look into a worker went. */
export interface Within {
  /** Whether it has told what runs in it. */
  readonly seen: boolean
  /** Whether code that does not await keeps its loop busy. */
  readonly blocked: boolean
  /** Why nothing was seen, or not all. */
  readonly why?: string | undefined
  /** Where the code is that keeps it busy, innermost first. */
  readonly stack?: readonly string[] | undefined
}

/** When and why something failed. */
export interface LiveFailure {
  /** As `2026-12-01T12:30:00.000Z`. */
  readonly at: string
  readonly error: string
  /** The method that failed, if it was one. */
  readonly method: string | undefined
}

export interface LiveWait {
  /** In words: `a free place in the queue`. */
  readonly reason: string
  readonly age?: Age | undefined
}

/** The most nodes of one list that are told one by one. */
const mostTold = 500

/**
 * A node for each, and one that counts the rest, so that a million children can be looked at too.
 */
export function nodesOf<T>(things: readonly T[], node: (thing: T) => LiveNode): LiveNode[] {
  const nodes = things.slice(0, mostTold).map(node)
  return things.length <= mostTold ? nodes : [...nodes, more(things.length - mostTold)]
}

/**
 * The first `most` nodes of these and of what is inside of them; where others are left out, they
 * are counted.
 */
export function firstOf(nodes: readonly LiveNode[], most: number): readonly LiveNode[] {
  if (most === Number.POSITIVE_INFINITY) return nodes
  let left = most
  const take = (list: readonly LiveNode[]): LiveNode[] => {
    const taken: LiveNode[] = []
    for (const node of list) {
      if (left <= 0) break
      left -= 1
      taken.push(node.inside.length === 0 ? node : { ...node, inside: take(node.inside) })
    }
    const untold = list
      .slice(taken.length)
      .reduce((sum, { kind, count = 1 }) => sum + (kind === 'more' ? count : 1), 0)
    return untold === 0 ? taken : [...taken, more(untold)]
  }
  return take(nodes)
}

/** Stands for those that are not told. */
export function more(count: number): LiveNode {
  return { kind: 'more', name: 'more', state: '', count, waitsFor: [], inside: [] }
}
