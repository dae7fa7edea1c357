/**
 * One look at a program and at all that its workers run: its main thread, its threads, its worker
 * processes, and theirs.
 *
 *     program ─▶ main thread, threads (all at once) ─▶ trees ─▶ pids of busy worker processes ─▶ each of them the same way
 *
 * Bounds: so many threads of a program (threads.ts), so many processes; each answers within a time
 * or is told as silent; after `lookMs` no further process is begun with.
 */
import type { LiveNode, LiveTree } from '../../live/tree.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, summaryOf } from '../ending.ts'
import { type Asked, LostError } from './conversation.ts'
import { isGone } from './program.ts'
import { loopTurns, stackNow, whatRuns, whatRunsInside } from './questions.ts'
import type { Opened } from './session.ts'

/** What one side tells of itself. */
export interface Seen {
  readonly node: string
  readonly script: string
  readonly uptimeMs: number
  readonly threadId: number | undefined
  /**
   * Of each copy of atonce in it; undefined if there is none, or it has made no scope and no
   * executor.
   */
  readonly trees: readonly LiveTree[] | undefined
}

/** One thread, as it was found. */
export interface ThreadLook extends Seen {
  /** Whether its loop has not turned for `turnMs`. */
  readonly blocked: boolean
  /** Then: where the code is that keeps it busy, innermost first. */
  readonly stack: readonly string[]
}

/** What could not be looked into. */
export interface Unseen {
  readonly why: string
}

export interface ProgramLook extends ThreadLook {
  /** By Node's count; those that did not answer are not among them. */
  readonly threads: ReadonlyMap<number, ThreadLook>
  /** Why those did not. */
  readonly silence: ReadonlyMap<number | undefined, string>
  readonly unaskedThreads: number
  /** Busy worker processes, by pid. */
  readonly processes: ReadonlyMap<number, ProgramLook | Unseen>
}

/** How long the loop may take for one turn, before a side is called busy. */
export const turnMs = 500
const lookMs = 5_000
/** The most worker processes of one look, and of those that are looked into at once. */
const mostProcesses = 32
const atOnce = 8

/** What --watch keeps open from look to look: the ways into worker processes. */
export class Workers {
  readonly #open: (pid: number, signal: AbortSignal) => Promise<Opened>
  readonly #opened = new Map<number, Opened>()

  constructor(open: (pid: number, signal: AbortSignal) => Promise<Opened>) {
    this.#open = open
  }

  async wayInto(pid: number, signal: AbortSignal): Promise<Opened> {
    const known = this.#opened.get(pid)
    if (known !== undefined) return known
    const opened = await this.#open(pid, signal)
    this.#opened.set(pid, opened)
    return opened
  }

  /** It has ended, or does not answer. */
  async forget(pid: number): Promise<void> {
    const opened = this.#opened.get(pid)
    this.#opened.delete(pid)
    await opened?.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened.keys()].map(pid => this.forget(pid)))
  }
}

/**
 * @throws CommandError if the program itself does not answer; what is wrong with a worker is told
 * in its place
 */
export async function lookInto(program: Opened, workers: Workers, signal: AbortSignal): Promise<ProgramLook> {
  const limits = { untilMs: runtime().now() + lookMs, left: mostProcesses }
  return await lookIntoProgram(program, whatRuns, { workers, signal, limits })
}

interface Around {
  readonly workers: Workers
  readonly signal: AbortSignal
  readonly limits: { readonly untilMs: number; left: number }
}

async function lookIntoProgram(program: Opened, question: string, around: Around): Promise<ProgramLook> {
  const silence = new Map<number | undefined, string>()
  const [main, { told, unasked }] = await Promise.all([
    lookIntoThread(program, question),
    program.threads.each((thread, id) =>
      lookIntoThread(thread, whatRunsInside).catch(error => void silence.set(id, whyOf(error))),
    ),
  ])
  const threads = new Map<number, ThreadLook>()
  for (const look of told) if (look?.threadId !== undefined) threads.set(look.threadId, look)
  const pids = [main, ...threads.values()].flatMap(({ trees = [] }) => trees.flatMap(busyProcesses))
  const processes = await lookIntoProcesses([...new Set(pids)], around)
  return { ...main, threads, silence, unaskedThreads: unasked, processes }
}

async function lookIntoThread(side: Asked, question: string): Promise<ThreadLook> {
  const seen = (await side.evaluate(question)) as Seen
  if ((await side.evaluateWithin(turnMs, loopTurns)) === true) return { ...seen, blocked: false, stack: [] }
  return { ...seen, blocked: true, stack: framesIn(String(await side.evaluate(stackNow))) }
}

/**
 * `at spin (/work/main.ts:9:57)`: the frames of the interrupted code, without the question's own
 * and Node's.
 */
function framesIn(stack: string): string[] {
  return stack
    .split('\n')
    .map(line => line.trim().replace('file://', ''))
    .filter(line => line.startsWith('at ') && !/^at (<anonymous>:|.*\(?node:)/.test(line))
}

function busyProcesses({ executors = [], actors = [] }: LiveTree): number[] {
  return [...executors.flatMap(({ inside }) => inside), ...actors.flatMap(withInside)]
    .filter(isBusyProcess)
    .map(({ pid }) => pid as number)
}

/** Of an actor the state says too where it lives. */
function isBusyProcess({ pid, state }: LiveNode): boolean {
  return pid !== undefined && /^busy\b/.test(state)
}

function withInside(node: LiveNode): LiveNode[] {
  return [node, ...node.inside.flatMap(withInside)]
}

async function lookIntoProcesses(
  pids: readonly number[],
  around: Around,
): Promise<Map<number, ProgramLook | Unseen>> {
  const found = new Map<number, ProgramLook | Unseen>()
  const waiting = [...pids]
  const { limits } = around
  const oneAfterTheOther = async () => {
    for (let pid = waiting.shift(); pid !== undefined; pid = waiting.shift()) {
      if (limits.left <= 0) found.set(pid, { why: `${mostProcesses} other processes were` })
      else if (runtime().now() > limits.untilMs)
        found.set(pid, { why: `the look had taken ${lookMs / 1_000} s before its turn` })
      else {
        limits.left -= 1
        found.set(pid, await lookIntoProcess(pid, around))
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther))
  return found
}

async function lookIntoProcess(pid: number, around: Around): Promise<ProgramLook | Unseen> {
  const { workers, signal } = around
  if (process.platform !== 'linux') return { why: 'worker processes are looked into on Linux only' }
  try {
    return await lookIntoProgram(await workers.wayInto(pid, signal), whatRunsInside, around)
  } catch (error) {
    signal.throwIfAborted()
    await workers.forget(pid)
    return { why: isGone(pid) || error instanceof LostError ? 'it has ended meanwhile' : whyOf(error) }
  }
}

/** What the command would say of a program, without the class of the error. */
function whyOf(error: unknown): string {
  return error instanceof CommandError ? error.short : summaryOf(error)
}
