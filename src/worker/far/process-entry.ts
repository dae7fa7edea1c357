/**
 * The first module of a worker process. Importing it in a worker starts the worker, unless another
 * copy of atonce has started it; anywhere else it does nothing.
 *
 *     fd 3  ◀─ messages of this worker                      ─ this thread
 *     fd 5  ─▶ messages to it                               ─ this thread
 *     fd 4  ◀─ one byte per beat   ─▶ ids of cancelled jobs ─ the watchdog thread
 *
 * Even while the task spins in an endless loop, the worker must see that its parent died, and that
 * the job was cancelled. So a second thread watches: see watchdog.ts.
 */
import { ProtocolError } from '../../errors.ts'
import { load, store } from '../../runtime/atomics.ts'

import { urlOfCaller } from '../../runtime/call-site.ts'
import { FarLinks } from '../../wire/lent/far-links.ts'
import type { LentMessage } from '../../wire/lent/messages.ts'
import type { ToWorker } from '../../wire/messages.ts'
import { longestFrame, PipeWorker } from '../../wire/transport/pipe.ts'
import { offer, processBirth, type WorkerBirth } from '../birth.ts'
import { leaveSignalsToParent } from '../group-signals.ts'
import { dieOfUncaughtErrors, endWorker } from './crash.ts'
import { MemoryGauge } from './memory-gauge.ts'
import { startWatchdog, watched } from './watchdog.ts'
import { Worker } from './worker.ts'

/** What a worker process is told to import first. */
export const processEntry: string = urlOfCaller(import.meta.url)

const outgoingFd = 3
const incomingFd = 5

if (processBirth !== undefined) offer(() => begin(processBirth as WorkerBirth))

function begin({ name, executor, maxPayloadBytes, callsPerWorker, maxWorkerMiB }: WorkerBirth): void {
  process.argv.pop()
  const words = startWatchdog()
  const { Socket } = process.getBuiltinModule('node:net')
  const from = new Socket({ fd: incomingFd, readable: true, writable: false })
  const to = new Socket({ fd: outgoingFd, readable: false, writable: true })
  const crossing = { sharedMemory: false, maxPayloadBytes }
  const links = new FarLinks({
    crossing: { ...crossing, lends: false },
    get clear() {
      return transport.leaving === undefined
    },
    send: message => transport.send(message),
    sendTaken: (link, count) => transport.sendTaken(link, count),
  })
  const worker = new Worker({
    name,
    home: { model: 'processes', ...executor },
    crossing,
    links,
    sideBySide: callsPerWorker > 1,
    gauge:
      maxWorkerMiB === undefined ? undefined : new MemoryGauge(maxWorkerMiB, () => process.memoryUsage.rss()),
    pollCancelled: seq => load(words, watched.cancelled) === seq, // Pairs with the store in watchdog.ts.
    claim: () => true, // A call that was sent to a process can't be taken back.
    refill: () => false, // The socket delivers by itself.
    flushing: () => transport.leaving,
    broken: error => die(error),
  })
  const transport = new PipeWorker(
    from,
    {
      message: message => worker.receive(message as ToWorker | LentMessage),
      run(seq, ref, args, stores) {
        worker.receiveRun(seq, ref, args, stores)
        worker.wakeSoon()
      },
      unfinished(whether) {
        store(words, watched.unfinished, whether ? 1 : 0) // Pairs with the load in watchdog.ts.
      },
      congested: () => links.congested(),
      cleared: () => links.cleared(),
      garbled: what => die(new ProtocolError(what, { worker: `The executor of ${name}`, task: undefined })),
      closed: () => endWorker(0), // The parent is gone, or has asked this worker to end.
    },
    { maxFrameBytes: longestFrame(maxPayloadBytes), to, fd: outgoingFd },
  )
  leaveSignalsToParent(message => transport.send(message))
  const die = dieOfUncaughtErrors(worker, done => {
    to.end(done)
  })
  worker.open(transport)
}
