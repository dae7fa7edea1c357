/**
 * The first module of a worker thread. Importing it in a worker starts the worker; anywhere else it does nothing.
 *
 * It is also where the worker finds itself: `threadEntry` is the URL of this code, which in a bundle is the bundle's own.
 * So no file has to lie beside a bundle; the bundle is loaded again in the worker, with `isWorker` true.
 */
import { load } from '../../runtime/atomics.ts'
import type { ToWorker } from '../../wire/messages.ts'
import { portTransport } from '../../wire/transport/port.ts'
import { dieOfUncaughtErrors } from './crash.ts'
import { threadBirth } from './is-worker.ts'
import { Worker } from './worker.ts'

/** What `new Worker(…)` is given. */
export const threadEntry: string = import.meta.url

if (threadBirth !== undefined) {
  const { name, port, cancelWord, maxPayloadBytes } = threadBirth
  const worker = new Worker({
    name,
    crossing: { sharedMemory: true, maxPayloadBytes },
    pollCancelled: id => load(cancelWord, 0) === id, // Pairs with the store in threads/thread.ts.
  })
  const transport = portTransport(port, {
    message: message => worker.receive(message as ToWorker),
    garbled: what => worker.reportCrash(new Error(what)),
    closed: () => process.exit(0),
  })
  dieOfUncaughtErrors(worker, done => done())
  worker.open(transport)
}
