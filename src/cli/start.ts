/** Runs the command line, in the program and not in a worker. */
import { isWorker } from '../index.ts'
import { commandLine } from './command-line.ts'
import { leaveWhenNobodyReads } from './print.ts'
import { keepForResults } from './result-stream.ts'

if (!isWorker) {
  keepForResults()
  leaveWhenNobodyReads()
  process.exitCode = await commandLine(process.argv)
}
