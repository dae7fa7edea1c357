/**
 * The first module of a worker thread. Importing it in a worker starts the worker, unless another copy of atonce has
 * started it; anywhere else it does nothing.
 *
 * It is also where the worker finds itself: `threadEntry` is the URL of this code, which in a bundle is the bundle's own.
 * So no file has to lie beside a bundle; the bundle is loaded again in the worker, with `isWorker` true.
 */
import { ProtocolError } from '../../errors.ts'
import { joinAgents } from '../../runtime/agents.ts'
import { load } from '../../runtime/atomics.ts'
import { urlOfCaller } from '../../runtime/call-site.ts'
import { beginClaim } from '../../wire/claims.ts'
import type { ToWorker } from '../../wire/messages.ts'
import { portTransport } from '../../wire/transport/port.ts'
import { offer, type ThreadBirth, threadBirth } from '../birth.ts'
import { ThreadOutput, threadWords } from '../output.ts'
import { dieOfUncaughtErrors, endWorker } from './crash.ts'
import { MemoryGauge } from './memory-gauge.ts'
import { Worker } from './worker.ts'

/** What a thread's first line imports. */
export const threadEntry: string = urlOfCaller(import.meta.url)

if (threadBirth !== undefined) offer(() => begin(threadBirth as ThreadBirth))

function begin(birth: ThreadBirth): void {
  const {
    name,
    executor,
    port,
    rings,
    claims,
    agent,
    words,
    spinMs,
    maxPayloadBytes,
    callsPerWorker,
    maxWorkerMiB,
  } = birth
  joinAgents(agent, name)
  const worker = new Worker({
    name,
    home: { model: 'threads', ...executor },
    crossing: { sharedMemory: true, maxPayloadBytes },
    sideBySide: callsPerWorker > 1,
    gauge: maxWorkerMiB === undefined ? undefined : new MemoryGauge(maxWorkerMiB, heapBytes),
    pollCancelled: seq => load(words, threadWords.cancelled) === seq, // Pairs with the store in threads/thread.ts.
    claim: seq => beginClaim(claims, seq),
    refill() {
      if (transport.poll() > 0) return true
      transport.deliver()
      return transport.spin(spinMs) > 0 || !transport.trySleep()
    },
    flushing: () => undefined, // What was written to the ring has left.
    broken: error => die(error),
    flushOutput: () => output.flush(),
  })
  const transport = portTransport(
    port,
    {
      message: message => worker.receive(message as ToWorker),
      run: (seq, ref, args, stores) => worker.receiveRun(seq, ref, args, stores),
      done() {},
      awake: () => worker.wake(),
      garbled: what => die(new ProtocolError(what, { worker: `The executor of ${name}`, task: undefined })),
      closed: () => endWorker(0),
    },
    rings.fromWorker,
    rings.toWorker,
  )
  const die = dieOfUncaughtErrors(worker, done => done())
  const output = new ThreadOutput(words, message => {
    worker.talked() // Its answer goes after this.
    transport.send(message)
  })
  worker.open(transport)
}

/** Of this thread only: what the process's resident memory holds cannot be told apart by threads. */
function heapBytes(): number {
  const { used_heap_size, external_memory } = process.getBuiltinModule('node:v8').getHeapStatistics()
  return used_heap_size + external_memory
}
