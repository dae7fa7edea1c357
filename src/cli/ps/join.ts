/**
 * The trees of a program and of its workers, made one: what runs in a worker stands below it, what
 * a call has opened below that call.
 */
import { type LiveNode, type LiveTree, treeVersion, type Within } from '../../live/tree.ts'
import type { ProgramLook, ThreadLook, Unseen } from './look-into.ts'

/**
 * Those of the program, with what was found in its workers; undefined if no thread of it has
 * atonce.
 */
export function joinedTrees(look: ProgramLook): LiveTree[] | undefined {
  const joined = new Joined(look)
  const trees = look.trees?.map(tree => joined.tree(tree))
  const others = joined.threadsOfNoPool()
  if (others.length === 0) return trees
  const [first = { version: treeVersion, ...nothing }, ...rest] = trees ?? []
  return [{ ...first, others: [...first.others, ...others] }, ...rest]
}

const nothing = { calls: [], scopes: [], executors: [], limiters: [], channels: [], others: [] }

class Joined {
  readonly #look: ProgramLook
  /** Threads that stand below a worker. */
  readonly #placed = new Set<ThreadLook>()
  /** Threads of which actors tell the code that keeps them busy. */
  readonly #told = new Set<ThreadLook>()

  constructor(look: ProgramLook) {
    this.#look = look
  }

  tree(tree: LiveTree): LiveTree {
    if (tree.version !== treeVersion) return tree // Whoever shows it says so.
    const executors = tree.executors.map(executor => this.#executor(executor))
    return { ...tree, executors, actors: tree.actors?.map(actor => this.#actor(actor)) }
  }

  /** A program may start threads of its own, that use atonce too. */
  threadsOfNoPool(): LiveNode[] {
    return [...this.#look.threads.values()]
      .filter(({ trees }) => trees !== undefined)
      .filter(thread => !this.#placed.has(thread))
      .flatMap(thread => {
        const name = `thread ${thread.threadId} of no pool`
        const node: LiveNode = { kind: 'worker', name, state: 'running', waitsFor: [], inside: [] }
        const told = this.#filled(node, thread)
        return told.inside.length > 0 || (thread.blocked && !this.#told.has(thread)) ? [told] : []
      })
  }

  #executor(executor: LiveNode): LiveNode {
    return { ...executor, inside: executor.inside.map(node => this.#worker(node)) }
  }

  /** Of the worker that it lives in: the code that keeps all actors there from work. */
  #actor(node: LiveNode): LiveNode {
    const { threadId, pid } = node
    const look =
      threadId === undefined
        ? pid === undefined
          ? undefined
          : this.#look.processes.get(pid)
        : this.#look.threads.get(threadId)
    const inside = node.inside.map(one => this.#actor(one))
    if (look === undefined) return { ...node, inside }
    if ('why' in look) return { ...node, inside, within: unseen(look.why) }
    const { blocked, stack } = look
    if (threadId !== undefined && blocked) this.#told.add(look)
    return { ...node, inside, within: { seen: true, blocked, stack: blocked ? stack : undefined } }
  }

  #worker(node: LiveNode): LiveNode {
    const { threadId, pid, state } = node
    if (pid !== undefined) return workerProcess(node, this.#look.processes.get(pid))
    if (threadId === undefined) return node
    const thread = this.#look.threads.get(threadId)
    if (thread !== undefined) return this.#filled(node, thread)
    return state === 'busy' ? { ...node, within: unseen(this.#whySilent(threadId)) } : node
  }

  #whySilent(threadId: number): string {
    const { silence, unaskedThreads } = this.#look
    const told = silence.get(threadId)
    if (told !== undefined) return told
    return unaskedThreads > 0
      ? `${this.#look.threads.size} other threads were`
      : 'it has just begun, or ended'
  }

  #filled(node: LiveNode, thread: ThreadLook): LiveNode {
    this.#placed.add(thread)
    return filled(
      node,
      thread,
      (thread.trees ?? []).map(tree => this.tree(tree)),
    )
  }
}

function workerProcess(node: LiveNode, look: ProgramLook | Unseen | undefined): LiveNode {
  if (look === undefined) return node // It was idle.
  return 'why' in look ? { ...node, within: unseen(look.why) } : filled(node, look, joinedTrees(look) ?? [])
}

function unseen(why: string): Within {
  return { seen: false, blocked: false, why }
}

function filled(node: LiveNode, { blocked, stack }: ThreadLook, trees: readonly LiveTree[]): LiveNode {
  const known = trees.filter(({ version }) => version === treeVersion)
  const why = known.length === trees.length ? undefined : 'it has another version of atonce'
  const within = { seen: why === undefined, blocked, why, stack: blocked ? stack : undefined }
  const begun = known.flatMap(({ calls }) => calls)
  const inside = [
    ...withWhatCallsDo(node.inside, begun),
    ...known.flatMap(({ scopes, others, executors, actors = [], limiters, channels }) => [
      ...scopes,
      ...others.map(outsideOfCalls),
      ...executors,
      ...limiters,
      ...actors,
      ...channels,
    ]),
  ]
  return { ...node, within, inside }
}

/**
 * The pool's calls, with what the worker tells of those of the same numbers; and such as have begun
 * since the pool was asked.
 */
function withWhatCallsDo(calls: readonly LiveNode[], begun: readonly LiveNode[]): LiveNode[] {
  const bySeq = new Map(begun.map(call => [call.seq, call]))
  const told = calls.map(call => {
    const here = call.seq === undefined ? undefined : bySeq.get(call.seq)
    if (here === undefined) return call
    bySeq.delete(call.seq)
    const reasons = new Set(call.waitsFor.map(({ reason }) => reason))
    const waitsFor = [...call.waitsFor, ...here.waitsFor.filter(({ reason }) => !reasons.has(reason))]
    return { ...call, waitsFor, inside: [...call.inside, ...here.inside] }
  })
  return [...told, ...bySeq.values()]
}

function outsideOfCalls(node: LiveNode): LiveNode {
  return node.kind === 'waiting' && node.name === 'main' ? { ...node, name: 'outside of calls' } : node
}
