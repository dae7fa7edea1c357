/**
 * The first module of a worker thread. Importing it in a worker starts the worker, unless another
 * copy of atonce has started it; anywhere else it does nothing.
 *
 * `threadEntry` is the URL of this code, which in a bundle is that of the bundle. So a bundle needs
 * no file beside it: it is loaded again in the worker, with `isWorker` true.
 */
import { joinAgents } from '../../runtime/agents.ts'
import { urlOfCaller } from '../../runtime/call-site.ts'
import { beginClaim } from '../../wire/claims.ts'
import { offer, type ThreadBirth, threadBirth } from '../birth.ts'
import { ThreadOutput } from '../output.ts'
import { dieOfUncaughtErrors, endWorker } from './crash.ts'
import { farThread } from './far-thread.ts'
import { MemoryGauge } from './memory-gauge.ts'

/** What a thread's first line imports. */
export const threadEntry: string = urlOfCaller(import.meta.url)

if (threadBirth !== undefined) offer(() => begin(threadBirth as ThreadBirth))

function begin(birth: ThreadBirth): void {
  const { name, agent, words, maxWorkerMiB } = birth
  joinAgents(agent, name)
  const { worker, transport } = farThread(birth, {
    gauge: maxWorkerMiB === undefined ? undefined : new MemoryGauge(maxWorkerMiB, heapBytes),
    claim: seq => beginClaim(birth.claims, seq),
    broken: error => die(error),
    ended: () => endWorker(0),
    flushOutput: () => output.flush(),
  })
  const die = dieOfUncaughtErrors(worker, done => done())
  const output = new ThreadOutput(words, message => {
    worker.talked() // Its answer goes after this.
    transport.send(message)
  })
  worker.open(transport)
}

/**
 * Of this thread only: the resident memory of the process can't be told apart by threads.
 */
function heapBytes(): number {
  const { used_heap_size, external_memory } = process.getBuiltinModule('node:v8').getHeapStatistics()
  return used_heap_size + external_memory
}
