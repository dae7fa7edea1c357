/**
 * Starts workers, makes sure that each of them has worked, lets them rest, and tells the resident
 * memory of all.
 */
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { childPids, residentBytes } from '../children.ts'
import type { Rival } from '../rival.ts'

const [url = '', count] = process.argv.slice(2)
const workers = Number(count)
const { default: rival } = (await import(url)) as { default: Rival }
const pool = await rival.start(workers)

const seen = new Set<unknown>()
for (let round = 0; seen.size < workers; round += 1) {
  if (round === 200) throw new Error(`Only ${seen.size} of ${workers} workers have worked.`)
  // Each is kept busy for a while, so that the others get some too.
  for (const who of await Promise.all(Array.from({ length: workers }, () => pool.run('occupy', 30))))
    seen.add(who)
}
for (let call = 0; call < 100 * workers; call += 1) await pool.run('identity', call)

globalThis.gc?.()
await pause(200)
const bytes = [process.pid, ...childPids()].reduce((sum, pid) => sum + (residentBytes(pid) ?? Number.NaN), 0)
writeSync(3, JSON.stringify({ bytes }))
process.exit(0)
