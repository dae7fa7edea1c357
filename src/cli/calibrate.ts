/** `atonce calibrate`: takes this machine's figures, keeps them, and shows them beside Python's. */
import { type Calibration, calibrationPath, saveCalibration, calibrate as take } from '../choose.ts'
import { CommandError, type ExitCode, exitCodes, reasonOf } from './ending.ts'
import { duration, megabytes } from './figures.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'
import { quiet } from './style.ts'
import { type Column, table } from './table.ts'

const columns: readonly Column[] = [
  { title: 'cost' },
  { title: 'threads', align: 'right' },
  { title: 'processes', align: 'right' },
  { title: 'Python', align: 'right' },
]

export async function calibrate({
  json,
  force,
}: {
  readonly json?: boolean
  readonly force?: boolean
}): Promise<ExitCode> {
  const calibration = await take({ force: force === true })
  const path = calibrationPath()
  try {
    saveCalibration(calibration, path)
  } catch (error) {
    throw new CommandError(exitCodes.failed, `${path} can't be written: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
  const next = 'npx atonce advise ./your-module.ts#task --input …'
  if (json) await print(`${jsonDocument({ ...calibration, schema: 'atonce.calibrate/1', path, next })}\n`)
  else
    await print(
      `${table(columns, rowsOf(calibration))}\n${quiet(`Python's: 3.13, a 2-core virtual Xeon, November 2026. Kept in ${path}`)}\n${quiet(`Next: ${next}`)}\n`,
    )
  return exitCodes.ok
}

function rowsOf({ threads, processes, moveMs, shareMs }: Calibration): string[][] {
  return [
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
  ]
}
