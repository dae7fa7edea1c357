/** What native code has computed on threads of its own, as those of libuv. */
const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs')

/**
 * Threads that run JavaScript, compile it, collect its garbage or wait for signals: all others work
 * for native code. Node names its threads so since 22.12; the system cuts a name off at 15 bytes.
 */
const ownThreads = new Set(['MainThread', 'WorkerThread', 'V8Worker', 'DelayedTaskSche', 'SignalInspector'])

/**
 * CPU time in ms of this process's native threads so far; only differences mean anything. Undefined
 * where the system does not tell (all but Linux), or Node does not name its threads. A call costs
 * some ms at most.
 */
export function nativeCpuMs(): number | undefined {
  try {
    return sumOf(readdirSync('/proc/self/task').map(id => readThread(`/proc/self/task/${id}`)))
  } catch {
    return undefined
  }
}

export interface ThreadUse {
  readonly name: string
  readonly cpuMs: number
}

/** Undefined if none has the name of a thread that every Node has. */
export function sumOf(threads: readonly (ThreadUse | undefined)[]): number | undefined {
  if (!threads.some(thread => thread?.name === 'V8Worker')) return undefined
  let ms = 0
  for (const thread of threads) if (thread !== undefined && !ownThreads.has(thread.name)) ms += thread.cpuMs
  return ms
}

/** Undefined if it has ended meanwhile. */
function readThread(folder: string): ThreadUse | undefined {
  try {
    const [ns = '0'] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ')
    return { name: readFileSync(`${folder}/comm`, 'utf8').trim(), cpuMs: Number(ns) / 1e6 }
  } catch {
    return undefined
  }
}
