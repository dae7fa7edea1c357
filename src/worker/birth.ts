/**
 * Whether this code runs in a worker of atonce, and which copy of the library works there.
 *
 *     near side ─ workerData, or the last word of the command line ─┊─▶ birth record, one per thread ─▶ isWorker, in each copy
 *                                                                   ┊     ▲ offer(begin), by each copy's entry
 *     first line of the worker ─────────────────────────────────────┊─────┘ entered; the first offer begins, else import(entry)
 *
 * The record is atonce's own, because `isMainThread` is false in test runners that use threads, and
 * true in a worker process. What a task starts does not inherit it.
 *
 * A worker may hold several copies of the library: of a preload, of a dependency of the task, or
 * because a loader evaluates one file twice. Exactly one of them serves the connection: the first
 * one that is there when the first line runs.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import type { AgentBirth } from '../runtime/agents.ts'
import { compatibility, showCopy, thisCopy } from '../runtime/copies.ts'
import type { SharedRings } from '../wire/transport/port.ts'

/** What a worker is told at its birth. */
export interface WorkerBirth {
  /** The worker's name, as `thread 2`. */
  readonly name: string
  /** The executor that it works for. */
  readonly executor: { readonly name: string; readonly workers: number }
  readonly maxPayloadBytes: number
  /** How many calls it runs side by side. */
  readonly callsPerWorker: number
  /** Above this the worker asks to be replaced. */
  readonly maxWorkerMiB: number | undefined
}

/** The memory that a thread shares with its pool. */
export interface ThreadMemory {
  readonly rings: SharedRings
  readonly claims: Int32Array
  /** Words that a synchronous loop can read and write: `threadWords` in output.ts. */
  readonly words: Int32Array
}

export interface ThreadBirth extends WorkerBirth, ThreadMemory {
  readonly port: MessagePort
  /** Its number among the threads that share memory. */
  readonly agent: AgentBirth
  /** How long the thread looks for the next call before it sleeps. */
  readonly spinMs: number
}

/**
 * A birth as it is handed over. Only a copy with the same compatibility number understands the
 * rest.
 */
interface Marked {
  readonly version: string
  readonly compatibility: number
  readonly file: string
  readonly birth: WorkerBirth
}

/**
 * What the copies in one worker share. Copies of every version read it, so its shape never changes.
 */
interface BirthRecord {
  readonly marked: Marked
  /** Begins to work; offered by the first copy that was there before the first line ran. */
  offered: (() => void) | undefined
  claimed: boolean
}

const mark = 'atonce:birth'
const recordKey: unique symbol = Symbol.for('atonce.birth') as never
const enteredKey: unique symbol = Symbol.for('atonce.entered') as never
const nodeKey: unique symbol = Symbol.for('atonce.node') as never
const here = globalThis as {
  [recordKey]?: BirthRecord
  [enteredKey]?: boolean
  [nodeKey]?: boolean
}

/** The `workerData` of a thread. */
export function markThread(birth: ThreadBirth): Record<string, unknown> {
  return { [mark]: { ...thisCopy, birth } satisfies Marked }
}

/** The word that ends the command line of a process. */
export function markProcess(birth: WorkerBirth): string {
  return `${mark}=${JSON.stringify({ ...thisCopy, birth } satisfies Marked)}`
}

/**
 * What a worker started now runs first, as the text of an expression to be awaited. It lets the
 * copy begin that a preload has brought, or imports the one at `entry`. No copy begins before this,
 * as tasks need all the preloads.
 */
export function firstLine(entry: string): string {
  return (
    `(${compileCache()}globalThis[Symbol.for('atonce.entered')] = true, ` +
    `(offered => offered === undefined ? import(${JSON.stringify(entry)}) : offered())` +
    "(globalThis[Symbol.for('atonce.birth')]?.offered))"
  )
}

/**
 * V8's compile cache, if the program has turned it on: Node hands it down to nobody, unless it was
 * turned on by `NODE_COMPILE_CACHE`. Where the worker may not write, nothing is kept.
 */
function compileCache(): string {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined) return ''
  const folder = process.getBuiltinModule('node:module').getCompileCacheDir?.()
  if (folder === undefined) return ''
  // Node has added a folder for its version and the machine, and does so again.
  const given = process.getBuiltinModule('node:path').dirname(folder)
  return `process.getBuiltinModule('node:module').enableCompileCache(${JSON.stringify(given)}), `
}

/**
 * Offers to serve a worker that no copy serves yet: `begin` is called when work may begin, for at
 * most one copy of the library.
 */
export function offer(begin: () => void): void {
  if (record === undefined || record.claimed) return
  const claim = () => {
    if (record.claimed) return
    record.claimed = true
    begin()
  }
  if (here[enteredKey] === true) claim()
  else record.offered ??= claim
}

const record: BirthRecord | undefined = recordOf()
const born = record?.marked.compatibility === compatibility ? record.marked.birth : undefined

/**
 * The birth of this thread, if it is a worker of atonce that this copy understands.
 */
export const threadBirth: ThreadBirth | undefined =
  born !== undefined && 'port' in born ? (born as ThreadBirth) : undefined

/**
 * The birth of this process, if it is such a worker. A thread that a task starts is not one.
 */
export const processBirth: WorkerBirth | undefined = threadBirth === undefined ? born : undefined

/** True in a thread or process that atonce has started, whose work goes through its connection. */
export const isStarted: boolean = record !== undefined

/**
 * True in a worker of atonce (thread or process), and in the program of `atonce worker`. Guard a
 * main program by it when tasks live in the same file, or in the same bundle:
 * `if (!isWorker) await main()`.
 */
export let isWorker: boolean = isStarted || here[nodeKey] === true

/**
 * Makes `isWorker` true in this program, for what it imports from now on; `atonce worker` begins
 * with it, and a program of one's own that calls `startWorker()` may. What it starts works as in
 * any program.
 */
export function beNode(): void {
  here[nodeKey] = true
  isWorker = true
}

if (record !== undefined && born === undefined && thisCopy.file === record.marked.file) {
  throw new Error(
    `This worker was started by ${showCopy(record.marked)}, and found ${showCopy(thisCopy)} there, which is not compatible: ` +
      'the package was exchanged while the program ran. Restart the program.',
  )
}

function recordOf(): BirthRecord | undefined {
  const known = here[recordKey]
  if (known !== undefined) return known
  const marked = readThreadMark() ?? readProcessMark()
  if (marked === undefined) return undefined
  const made: BirthRecord = { marked, offered: undefined, claimed: false }
  Object.defineProperty(here, recordKey, { value: made })
  return made
}

function readThreadMark(): Marked | undefined {
  return typeof workerData === 'object' && workerData !== null
    ? (workerData as { [mark]?: Marked })[mark]
    : undefined
}

function readProcessMark(): Marked | undefined {
  const last = process.argv.at(-1)
  if (!last?.startsWith(`${mark}=`)) return undefined
  return JSON.parse(last.slice(mark.length + 1)) as Marked
}
