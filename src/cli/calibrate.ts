/** `atonce calibrate`: takes this machine's figures, keeps them, and shows them beside Python's. */
import { type Calibration, calibrationPath, saveCalibration, calibrate as take } from '../choose.ts'
import { figuresTable, pythonsFigures } from './calibration-table.ts'
import { CommandError, type ExitCode, exitCodes, reasonOf } from './ending.ts'
import { cores, duration } from './figures.ts'
import { jsonDocument } from './json.ts'
import { checkWritable } from './output.ts'
import { print } from './print.ts'
import { emphasis, quiet } from './style.ts'

export async function calibrate({
  json,
  force,
}: {
  readonly json?: boolean
  readonly force?: boolean
}): Promise<ExitCode> {
  const path = calibrationPath()
  // The cache folder is ours to make; a path of the user's own may be mistyped.
  await checkWritable(path, { makeFolder: process.env['ATONCE_CALIBRATION'] !== path })
  const calibration = await take({ force: force === true })
  try {
    saveCalibration(calibration, path)
  } catch (error) {
    throw new CommandError(exitCodes.failed, `${path} can't be written: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
  const next = 'npx atonce advise ./your-module.ts#task --input …'
  const sentence = sentenceOf(calibration)
  if (json)
    await print(`${jsonDocument({ ...calibration, schema: 'atonce.calibrate/1', path, sentence, next })}\n`)
  else
    await print(
      `${emphasis(sentence)}\n${figuresTable(calibration)}\n${quiet(`${pythonsFigures} Kept in ${path}`)}\n${quiet(`Next: ${next}`)}\n`,
    )
  return exitCodes.ok
}

function sentenceOf({ threads, processes, foreignCores }: Calibration): string {
  return (
    `A call among many costs ${duration(threads.callMs)} on threads and ${duration(processes.callMs)} on processes, ` +
    `a start ${duration(threads.startMs)} and ${duration(processes.startMs)}; others kept ${cores(foreignCores)} cores busy meanwhile.`
  )
}
