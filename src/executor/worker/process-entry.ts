/**
 * The first module of a worker process. Importing it in a worker starts the worker; anywhere else it does nothing.
 *
 *     fd 3  messages, both ways                            ─ this thread
 *     fd 4  ◀─ one byte per beat   ─▶ ids of cancelled jobs ─ the watchdog thread
 *
 * Two things must work while the task spins in an endless loop: to see that the parent died, and to see that the job was
 * cancelled. So a second thread watches: see watchdog.ts.
 */
import { Socket } from 'node:net'
import { load } from '../../runtime/atomics.ts'
import type { ToWorker } from '../../wire/messages.ts'
import { pipeTransport } from '../../wire/transport/pipe.ts'
import { dieOfUncaughtErrors } from './crash.ts'
import { processBirth } from './is-worker.ts'
import { startWatchdog } from './watchdog.ts'
import { Worker } from './worker.ts'

/** What a worker process is told to import first. */
export const processEntry: string = import.meta.url

const messagesFd = 3

if (processBirth !== undefined) {
  process.argv.pop()
  const { name, maxPayloadBytes } = processBirth
  const cancelWord = startWatchdog()
  const socket = new Socket({ fd: messagesFd, readable: true, writable: true })
  const worker = new Worker({
    name,
    crossing: { sharedMemory: false, maxPayloadBytes },
    pollCancelled: seq => load(cancelWord, 0) === seq, // Pairs with the store in watchdog.ts.
    claim: () => true, // A call that was sent to a process can't be taken back.
    refill: () => false, // The socket brings what there is by itself.
    flushing: () => transport.leaving,
  })
  const transport = pipeTransport(
    socket,
    {
      message: message => worker.receive(message as ToWorker),
      run(seq, ref, args) {
        worker.receiveRun(seq, ref, args)
        worker.wakeSoon()
      },
      done() {},
      garbled: what => worker.reportCrash(new Error(what)),
      closed: () => process.exit(0), // The parent is gone, or wants this worker to go.
    },
    { maxFrameBytes: maxPayloadBytes * 2, promptFd: messagesFd },
  )
  process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group; the parent decides what it means for its workers.
  dieOfUncaughtErrors(worker, done => {
    socket.end(done)
  })
  worker.open(transport)
}
