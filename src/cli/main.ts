#!/usr/bin/env node
/** The program `atonce`. A worker that imports this file by mistake runs nothing. */
import { isWorker } from '../index.ts'
import { commandLine } from './command-line.ts'
import { leaveWhenNobodyReads } from './print.ts'

if (!isWorker) {
  leaveWhenNobodyReads()
  process.exitCode = await commandLine(process.argv)
}
