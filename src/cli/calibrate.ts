/** `atonce calibrate`: takes this machine's figures, keeps them, and shows them beside Python's. */
import { calibrationPath, saveCalibration, calibrate as take } from '../choose.ts'
import { figuresTable, pythonsFigures } from './calibration-table.ts'
import { CommandError, type ExitCode, exitCodes, reasonOf } from './ending.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'
import { quiet } from './style.ts'

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
      `${figuresTable(calibration)}\n${quiet(`${pythonsFigures} Kept in ${path}`)}\n${quiet(`Next: ${next}`)}\n`,
    )
  return exitCodes.ok
}
