/** How long this thread was held up: ready to run, while others had the cores. */
const { readFileSync } = process.getBuiltinModule('node:fs')

/**
 * Time in ms that this thread has waited for a core so far; only differences mean anything. 0 where
 * the system does not tell. A call costs some 15 µs.
 *
 * It is tempting to take wall minus CPU time, but a call may wait by itself: for a file that it
 * reads synchronously, or a lock. The scheduler counts what it made a ready thread wait
 * (`/proc/<tid>/schedstat`, second figure, in ns: Linux, "Scheduler Statistics",
 * Documentation/scheduler/sched-stats.rst).
 */
export function threadDelayMs(): number {
  try {
    const [, ns = '0'] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')
    const ms = Number(ns) / 1e6
    return Number.isFinite(ms) ? ms : 0
  } catch {
    return 0
  }
}
