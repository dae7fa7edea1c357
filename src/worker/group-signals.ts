/**
 * Signals that reach a program and all of its workers at once: from a terminal, from `docker stop`,
 * from systemd.
 *
 *     signal ─▶ worker: tells, and goes on ─┊─▶ parent: handles that signal itself?  yes: goes on, and so does the worker
 *                                           ┊                                        no: the signal was for this worker alone
 *            ─▶ parent: dies of it, if it does not handle it; then its workers end, for their parent is gone
 *
 * So the program alone decides what such a signal means for its workers and for its calls.
 */
import { isMainThread } from 'node:worker_threads'

/** Not SIGUSR1: on that, Node opens its inspector and ends nothing. */
const groupSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK'] as const

/** The worker was sent a signal, and goes on. */
export interface SignalledMessage {
  readonly kind: 'signalled'
  readonly signal: string
}

/** Lets these signals end this worker only if its parent says so. */
export function leaveSignalsToParent(tell: (message: SignalledMessage) => void): void {
  for (const signal of groupSignals) process.on(signal, () => tell({ kind: 'signalled', signal }))
}

/** The signal that a worker's message names, if it is one of these. */
export function signalIn(message: unknown): string | undefined {
  const { kind, signal } = (message ?? {}) as Partial<SignalledMessage>
  return kind === 'signalled' && isGroupSignal(signal) ? signal : undefined
}

export function isGroupSignal(signal: unknown): signal is string {
  return groupSignals.some(one => one === signal)
}

/**
 * The signals for which this program has ever had a listener: one that was added by `once` is gone
 * when the signal has come.
 */
const handled = new Set<string>()
let watching = false

/** Notes which signals this program handles; called before it has workers. */
export function watchHandlers(): void {
  if (watching) return
  watching = true
  for (const signal of groupSignals) if (process.listenerCount(signal) > 0) handled.add(signal)
  process.on('newListener', name => {
    if (isGroupSignal(name)) handled.add(name)
  })
}

/**
 * Whether this program decides what the signal means for itself and its workers. A thread never
 * sees a signal, so it can't know what its program does.
 */
export function handles(signal: string): boolean {
  return !isMainThread || handled.has(signal)
}

/**
 * Whether a worker that ended by this signal was hit before it could leave signals to its parent,
 * which handles this one. Then its end says nothing about the next worker.
 */
export function hitTooEarly(signal: string): boolean {
  return isGroupSignal(signal) && handles(signal)
}
