#!/usr/bin/env node
/** The program `atonce`. A worker that imports this file by mistake runs nothing. */
import { isWorker } from '../index.ts'
import { commandLine, leaveWhenNobodyReads } from './command-line.ts'

if (!isWorker) {
  leaveWhenNobodyReads()
  process.exitCode = await commandLine(process.argv)
}
