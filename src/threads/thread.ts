/** One worker thread, as the pool sees it. */
import { MessageChannel, type Worker, type WorkerOptions } from 'node:worker_threads'
import { bare } from '../checks.ts'
import type { PoolOptions, ResourceLimits } from '../pool/options.ts'
import { endAgent, newAgent } from '../runtime/agents.ts'
import { runtime } from '../runtime/runtime.ts'
import { firstLine, markThread } from '../worker/birth.ts'
import { threadEntry } from '../worker/far/thread-entry.ts'
import type { Exit, FarWorker, FarWorkerOwner, StartWorker } from '../worker/far-worker.ts'
import { NearThread, threadMemory } from './near-thread.ts'
import { startWorker } from './start.ts'

/**
 * Starts threads with the given limits, each of which looks for its next call for `spinUs` before
 * it sleeps.
 */
export function threadStarter(
  options: PoolOptions,
  spinUs: number,
  nameOf: (index: number) => string = index => `thread ${index}`,
): StartWorker {
  return (index, owner) => startThread(nameOf(index), options, spinUs / 1_000, owner)
}

function startThread(name: string, checked: PoolOptions, spinMs: number, owner: FarWorkerOwner): FarWorker {
  const { name: pool, workers, callsPerWorker, resourceLimits, maxPayloadBytes, maxWorkerMiB } = checked
  const { env, argv, execArgv } = checked
  const { port1, port2: port } = new MessageChannel()
  const memory = threadMemory()
  const agent = newAgent()
  let thread: Worker | undefined
  let failure: unknown
  const near = new NearThread(
    name,
    port1,
    memory,
    owner,
    {
      get threadId() {
        return thread?.threadId
      },
      terminate: () => void thread?.terminate(),
      ref: () => thread?.ref(),
      unref: () => thread?.unref(),
    },
    checked.onOutput,
  )
  const exited = (exit: Exit) => {
    endAgent(agent.id) // Whoever waits for a lock that the thread held sees it now.
    near.exited(exit)
  }
  try {
    const options = bare<WorkerOptions>({
      name,
      resourceLimits: bare(resourceLimits),
      argv: [...argv],
      ...(env === undefined ? {} : { env: bare(env) as NodeJS.ProcessEnv }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      workerData: markThread({
        name,
        executor: { name: pool, workers },
        port,
        ...memory,
        agent,
        spinMs,
        maxPayloadBytes,
        callsPerWorker,
        maxWorkerMiB: Number.isFinite(maxWorkerMiB) ? maxWorkerMiB : undefined,
      }),
      transferList: [port],
    })
    thread = startWorker(startsWith(), options)
    thread.on('error', error => {
      failure = error
    })
    thread.on('exit', code =>
      exited(failure === undefined ? { kind: 'exit', code } : exitOf(failure, resourceLimits)),
    )
  } catch (error) {
    runtime().soon(() => exited({ kind: 'refused', error }))
  }
  return near
}

/**
 * What a thread runs first: a line of text that imports the entry. The entry itself is not given to
 * Node, because then `import.meta.main` would be true in it, and in a bundle it is the user's whole
 * program; and because a program that came as text (`node --input-type=module --eval …`) hands down
 * a flag with which Node takes nothing but text. As a data: URL and not by `eval: true`, which
 * would not wait for what `--import` brings.
 */
function startsWith(): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(`await ${firstLine(threadEntry)}`)}`)
}

/** What Node's error event of a worker means. */
function exitOf(error: unknown, { maxOldGenerationSizeMb }: ResourceLimits): Exit {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'memory', limitMb: maxOldGenerationSizeMb }
  if (code === 'ERR_WORKER_INIT_FAILED') return { kind: 'refused', error }
  return { kind: 'error', error }
}
