/**
 * Pools that do all that a pool must not, so that the suite can be seen to notice. The defect is in
 * the query of this module's URL: `broken.ts?defect=hangs`.
 */
import { spawn } from 'node:child_process'
import type { SubjectEntry } from '../case.ts'
import type { Pool, Subject } from '../subject.ts'
import * as faults from '../tasks/faults.ts'

export type Defect =
  | 'none'
  | 'hangs'
  | 'queued hangs'
  | 'swallows'
  | 'corrupts'
  | 'refuses'
  | 'close hangs'
  | 'close is late'
  | 'dies'
  | 'lingers'
  | 'orphans'

const functions = new Map(Object.entries(faults) as [string, (argument: unknown) => unknown][])

/** Runs everything in the main program itself, and spoils it. */
function brokenPool(defect: Defect): Pool {
  let calls = 0
  return {
    async run(task, argument) {
      calls += 1
      if (defect === 'hangs' || (defect === 'queued hangs' && calls === 2)) return new Promise(() => {})
      if (defect === 'swallows') return undefined
      if (defect === 'corrupts') return JSON.parse(JSON.stringify(argument))
      if (defect === 'refuses') throw new Error('not today')
      if (defect === 'dies') setImmediate(() => Promise.reject(new Error('nobody listens')))
      if (defect === 'lingers') setInterval(() => {}, 1_000)
      if (defect === 'orphans')
        spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).unref()
      return functions.get(task)?.(argument)
    },
    async close(graceMs) {
      if (defect === 'close hangs') return new Promise(() => {})
      if (defect === 'close is late') await new Promise(resolve => setTimeout(resolve, graceMs + 1_700))
    },
  }
}

const defect = (new URL(import.meta.url).searchParams.get('defect') ?? 'none') as Defect

const subject: Subject = {
  name: `broken: ${defect}`,
  model: 'threads',
  version: '0',
  own: true,
  lacks: [],
  start: () => brokenPool(defect),
}
export default subject

/** The entry of a pool with this defect. */
export function broken(defect: Defect): SubjectEntry {
  return {
    name: `broken: ${defect}`,
    model: 'threads',
    own: true,
    lacks: [],
    url: new URL(`./broken.ts?defect=${encodeURIComponent(defect)}`, import.meta.url).href,
  }
}
