/** What concurrency costs on this machine, in six figures, beside Python's. */
import type { Calibration } from '../choose.ts'
import { duration, megabytes } from './figures.ts'
import { type Column, table } from './table.ts'

const columns: readonly Column[] = [
  { title: 'cost' },
  { title: 'threads', align: 'right' },
  { title: 'processes', align: 'right' },
  { title: 'Python', align: 'right' },
]

/** Where the figures of the last column come from. */
export const pythonsFigures = "Python's: 3.13, a 2-core virtual Xeon, November 2026."

export function figuresTable({ threads, processes, moveMs, shareMs }: Calibration): string {
  return table(columns, [
    [
      'a call alone, there and back',
      duration(threads.roundTripMs),
      duration(processes.roundTripMs),
      '145 µs (process)',
    ],
    ['a call among many', duration(threads.callMs), duration(processes.callMs), '25 µs (thread)'],
    [
      '1 MiB copied there and back',
      duration(threads.copyMsPerMiB),
      duration(processes.copyMsPerMiB),
      '2.4 ms (pickled)',
    ],
    ['1 MiB moved / shared', `${duration(moveMs)} / ${duration(shareMs)}`, '–', '0.2 ms (shared)'],
    ['start of a worker', duration(threads.startMs), duration(processes.startMs), '27 ms, 50 ms'],
    ['memory of an idle worker', megabytes(threads.idleBytes), megabytes(processes.idleBytes), '9–12 MB'],
  ])
}
