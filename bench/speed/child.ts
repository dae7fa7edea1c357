/** The program in which one contender plays one case, once. */
import { writeSync } from 'node:fs'
import { NotOffered, workers } from './case.ts'
import { cases } from './cases/all.ts'
import type { Rival } from './rival.ts'

const [caseName, url = '', windowMs] = process.argv.slice(2)
const played = cases.find(({ name }) => name === caseName)
if (played === undefined || !('measure' in played))
  throw new Error(`There is no case ${caseName} to measure here.`)

const { default: rival } = (await import(url)) as { default: Rival }
const pool = await rival.start(workers)
const outcome = await played.measure(pool, Number(windowMs)).catch((error: unknown) => {
  if (error instanceof NotOffered) return { notOffered: error.message }
  throw error
})
writeSync(3, JSON.stringify(outcome))
process.exit(0)
