/**
 * The far side of the connection to a thread: a worker that takes its calls from a ring and a port
 * when it is ready for them.
 */
import { ProtocolError } from '../../errors.ts'
import { load } from '../../runtime/atomics.ts'
import type { ToWorker } from '../../wire/messages.ts'
import type { Port } from '../../wire/transport/port.ts'
import { PortWorker } from '../../wire/transport/port-worker.ts'
import type { ThreadMemory, WorkerBirth } from '../birth.ts'
import { threadWords } from '../output.ts'
import type { MemoryGauge } from './memory-gauge.ts'
import { Worker } from './worker.ts'

/** The part of the worker's birth that is about its calls. */
export interface FarThreadBirth extends Omit<WorkerBirth, 'maxWorkerMiB'>, ThreadMemory {
  readonly port: Port
  readonly spinMs: number
}

/** What the worker needs of its thread. */
export interface FarThreadHost {
  readonly gauge: MemoryGauge | undefined
  /** Whether the call may be run; false if it was taken back. */
  claim(seq: number): boolean
  /** The worker can't go on. */
  broken(error: unknown): void
  /** The pool has closed the connection. */
  ended(): void
  flushOutput(): void
}

/** Makes the worker and its end of the connection; it works once it was opened. */
export function farThread(
  birth: FarThreadBirth,
  host: FarThreadHost,
): { readonly worker: Worker; readonly transport: PortWorker } {
  const { name, executor, port, rings, words, spinMs, maxPayloadBytes, callsPerWorker } = birth
  const worker = new Worker({
    name,
    home: { model: 'threads', ...executor },
    crossing: { sharedMemory: true, maxPayloadBytes },
    sideBySide: callsPerWorker > 1,
    gauge: host.gauge,
    pollCancelled: seq => load(words, threadWords.cancelled) === seq, // Pairs with the store in threads/near-thread.ts.
    claim: seq => host.claim(seq),
    refill() {
      if (transport.poll() > 0) return true
      transport.flush()
      return transport.spin(spinMs) > 0 || !transport.trySleep()
    },
    flushing: () => undefined, // What was written to the ring has left.
    broken: error => host.broken(error),
    flushOutput: () => host.flushOutput(),
  })
  const transport = new PortWorker(
    port,
    {
      message: message => worker.receive(message as ToWorker),
      run: (seq, ref, args, stores) => worker.receiveRun(seq, ref, args, stores),
      awake: () => worker.wake(),
      garbled: what =>
        host.broken(new ProtocolError(what, { worker: `The executor of ${name}`, task: undefined })),
      closed: () => host.ended(),
    },
    rings,
  )
  return { worker, transport }
}
