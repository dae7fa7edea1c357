/** What a model gives the pool for each worker that it starts: a connection, and the means to end it. */
import type { MessagePort } from 'node:worker_threads'
import type { ToWorker } from '../wire/messages.ts'

/** How a worker ended. */
export type Exit =
  /** By itself, or by `process.exit(code)`. */
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly lastWords: string }
  | { readonly kind: 'memory'; readonly limitMb: number | undefined }
  /** An error that the worker could not report itself. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** The system refused to start it. */
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'garbled'; readonly what: string }

/** The far worker's owner. */
export interface FarWorkerOwner {
  message(message: unknown): void
  /** Called once, after the last message, when nothing of the worker is left. */
  exited(exit: Exit): void
}

export interface FarWorker {
  /** As `thread 2` or `process 3 (pid 4711)`. */
  readonly name: string
  readonly pid: number | undefined
  /** @throws whatever the platform throws when it can't copy the message; nothing was sent then */
  send(message: ToWorker, transfer?: readonly (ArrayBuffer | MessagePort)[]): void
  /** Sets the flag that a synchronous loop polls; the `cancel` message follows by `send`. */
  flagCancelled(id: number): void
  /** Asks the worker to end by itself; one without work does so at once. */
  stop(): void
  /** Ends the worker, whatever it does. */
  kill(): void
  /** While it is held, the program does not end by itself. */
  hold(): void
  release(): void
}

/** Starts worker number `index`; never throws, tells its owner instead. */
export type StartWorker = (index: number, owner: FarWorkerOwner) => FarWorker
