/** One worker thread, as the pool sees it. */
import { MessageChannel, type Worker, type WorkerOptions } from 'node:worker_threads'
import { bare } from '../checks.ts'
import type { PoolOptions, ResourceLimits } from '../pool/options.ts'
import { endAgent, newAgent } from '../runtime/agents.ts'
import { store } from '../runtime/atomics.ts'
import { runtime } from '../runtime/runtime.ts'
import { claimMemory, claimWindow, giveClaim, recallClaim, wasBegun } from '../wire/claims.ts'
import { portTransport, sharedRings } from '../wire/transport/port.ts'
import { firstLine, markThread } from '../worker/birth.ts'
import { threadEntry } from '../worker/far/thread-entry.ts'
import type { Exit, FarWorker, FarWorkerOwner, StartWorker } from '../worker/far-worker.ts'
import { isOutput, print, threadWords } from '../worker/output.ts'
import { startWorker } from './start.ts'

/** Starts threads with the given limits, each of which looks for its next call for `spinUs` before it sleeps. */
export function threadStarter(
  options: PoolOptions,
  spinUs: number,
  nameOf: (index: number) => string = index => `thread ${index}`,
): StartWorker {
  return (index, owner) => startThread(nameOf(index), options, spinUs / 1_000, owner)
}

function startThread(
  name: string,
  { name: pool, workers, callsPerWorker, resourceLimits, maxPayloadBytes, maxWorkerMiB }: PoolOptions,
  spinMs: number,
  owner: FarWorkerOwner,
): FarWorker {
  const { port1: near, port2: port } = new MessageChannel()
  const words = new Int32Array(new SharedArrayBuffer(8))
  const claims = claimMemory()
  const rings = sharedRings()
  const agent = newAgent()
  let thread: Worker | undefined
  let unreadable: string | undefined
  let failure: unknown
  const transport = portTransport(
    near,
    {
      message: message => (isOutput(message) ? print(message, words) : owner.message(message)),
      run() {},
      done: (seq, workMs, value, more) => owner.done(seq, workMs, value, more),
      patience: () => owner.patience(),
      garbled(what) {
        unreadable = what
        void thread?.terminate()
      },
      closed() {}, // The thread's own end says why.
    },
    rings.toWorker,
    rings.fromWorker,
  )
  transport.listen()
  const exited = (exit: Exit) => {
    endAgent(agent.id) // Whoever waits for a lock that the thread held sees it now.
    owner.ending()
    transport.drain() // What the thread said before it died counts.
    transport.close()
    owner.exited(unreadable === undefined ? exit : { kind: 'garbled', what: unreadable })
  }
  try {
    const options = bare<WorkerOptions>({
      name,
      resourceLimits: bare(resourceLimits),
      workerData: markThread({
        name,
        executor: { name: pool, workers },
        port,
        rings,
        claims,
        words,
        agent,
        spinMs,
        maxPayloadBytes,
        callsPerWorker,
        maxWorkerMiB: Number.isFinite(maxWorkerMiB) ? maxWorkerMiB : undefined,
      }),
      transferList: [port],
    })
    thread = startWorker(startsWith, options)
    thread.on('error', error => {
      failure = error
    })
    thread.on('exit', code =>
      exited(failure === undefined ? { kind: 'exit', code } : exitOf(failure, resourceLimits)),
    )
  } catch (error) {
    runtime().soon(() => exited({ kind: 'refused', error }))
  }
  return {
    name,
    pid: undefined,
    get threadId() {
      return thread?.threadId
    },
    capacity: claimWindow / 2,
    send: (message, transfer) => transport.send(message, transfer),
    tryGive(seq, ref, args, stores) {
      giveClaim(claims, seq)
      return transport.tryRun(seq, ref, args, stores)
    },
    get congested() {
      return transport.congested
    },
    deliver: () => transport.deliver(),
    give(message, transfer) {
      giveClaim(claims, message.seq)
      transport.sendCall(message, transfer)
    },
    recall: seq => recallClaim(claims, seq),
    hadBegun: seq => wasBegun(claims, seq),
    flagCancelled: seq => store(words, threadWords.cancelled, seq), // Pairs with the load in worker/far/thread-entry.ts.
    stop: () => transport.close(), // The thread sees its port close, and exits.
    kill: () => void thread?.terminate(),
    hold() {
      thread?.ref()
      transport.ref()
    },
    release() {
      thread?.unref()
      transport.unref()
    },
  }
}

/**
 * What a thread runs first: a line of text that imports the entry. The entry itself is not given to Node, because then
 * `import.meta.main` would be true in it, and in a bundle it is the user's whole program; and because a program that came
 * as text (`node --input-type=module --eval …`) hands down a flag with which Node takes nothing but text. As a data: URL
 * and not by `eval: true`, which would not wait for what `--import` brings.
 */
const startsWith = new URL(`data:text/javascript,${encodeURIComponent(`await ${firstLine(threadEntry)}`)}`)

/** What Node's error event of a worker means. */
function exitOf(error: unknown, { maxOldGenerationSizeMb }: ResourceLimits): Exit {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'memory', limitMb: maxOldGenerationSizeMb }
  if (code === 'ERR_WORKER_INIT_FAILED') return { kind: 'refused', error }
  return { kind: 'error', error }
}
