/** The program in which one contender plays one case, once. */
import { writeSync } from 'node:fs'
import { NotOffered, workers } from './case.ts'
import { cases } from './cases/all.ts'
import type { LoopRival, Rival } from './rival.ts'

const [caseName, url = '', windowMs] = process.argv.slice(2)
const played = cases.find(({ name }) => name === caseName)
if (played === undefined || !('measure' in played))
  throw new Error(`There is no case ${caseName} to measure here.`)

const { default: rival } = (await import(url)) as { default: Rival | LoopRival }
const playing =
  'asks' in played
    ? played.measure(rival as LoopRival, Number(windowMs))
    : played.measure(await (rival as Rival).start(workers), Number(windowMs))
const outcome = await playing.catch((error: unknown) => {
  if (error instanceof NotOffered) return { notOffered: error.message }
  throw error
})
writeSync(3, JSON.stringify(outcome))
process.exit(0)
