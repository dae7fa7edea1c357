/**
 * Whether this code runs in a worker of atonce.
 *
 * The mark is atonce's own: `isMainThread` is false in test runners that use threads, and a worker process is nobody's
 * thread. It travels in `workerData` for threads and as the last word of the command line for processes; neither is
 * inherited by what the task itself starts.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import type { AgentBirth } from '../runtime/agents.ts'
import type { SharedRings } from '../wire/transport/port.ts'

/** What a worker is told at its birth. */
export interface WorkerBirth {
  /** The worker's name, as `thread 2`. */
  readonly name: string
  /** The executor that it works for. */
  readonly executor: { readonly name: string; readonly workers: number }
  readonly maxPayloadBytes: number
  /** Above so much it wants to be replaced. */
  readonly maxWorkerMiB: number | undefined
}

export interface ThreadBirth extends WorkerBirth {
  readonly port: MessagePort
  readonly rings: SharedRings
  readonly claims: Int32Array
  /** Its number among the threads that share memory. */
  readonly agent: AgentBirth
  /** How long the thread looks for the next call before it sleeps. */
  readonly spinMs: number
  /** One word: the number of the call that was cancelled last, which a synchronous loop can poll. */
  readonly cancelWord: Int32Array
}

const mark = 'atonce:worker'

/** The `workerData` of a thread. */
export function markThread(birth: ThreadBirth): { [mark]: ThreadBirth } {
  return { [mark]: birth }
}

/** The word that ends the command line of a process. */
export function markProcess(birth: WorkerBirth): string {
  return `${mark}=${JSON.stringify(birth)}`
}

/** What this thread was told at its birth, if it is a worker of atonce. */
export const threadBirth: ThreadBirth | undefined =
  typeof workerData === 'object' && workerData !== null
    ? (workerData as { [mark]?: ThreadBirth })[mark]
    : undefined

/** What this process was told at its birth, if it is a worker of atonce. A thread that a task starts is not. */
export const processBirth: WorkerBirth | undefined = threadBirth === undefined ? readProcessMark() : undefined

/**
 * True in a worker of atonce (thread or process). Guard a main program by it when tasks live in the same file, or in the
 * same bundle: `if (!isWorker) await main()`.
 */
export const isWorker: boolean = threadBirth !== undefined || processBirth !== undefined

function readProcessMark(): WorkerBirth | undefined {
  const last = process.argv.at(-1)
  if (!last?.startsWith(`${mark}=`)) return undefined
  return JSON.parse(last.slice(mark.length + 1)) as WorkerBirth
}
