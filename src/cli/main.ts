#!/usr/bin/env node
/**
 * The program `atonce`. On a Node that is too old it ends with one line: only then are modules
 * imported that need what such a Node lacks. A worker that imports this file by mistake runs
 * nothing.
 */
import { checkNode } from '../supported.ts'

if (isSupported()) await import('./start.ts')

function isSupported(): boolean {
  try {
    checkNode(process.versions)
    return true
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
    return false
  }
}
