/**
 * The cold program: as little as one can write to get two answers from two workers. Imports nothing
 * that it does not need.
 */
import { writeSync } from 'node:fs'
import type { Rival } from '../rival.ts'

const [url = '', workers] = process.argv.slice(2)
const { default: rival } = (await import(url)) as { default: Rival }
const pool = await rival.start(Number(workers))
const calls = [pool.run('identity', 1), pool.run('identity', 2)]
await Promise.race(calls)
const firstAt = performance.timeOrigin + performance.now()
const answers = await Promise.all(calls)

// Imported late: it is not a part of what is measured. Asked here, for nobody waits for workers
// that outlive this program.
const { treeCpuMs } = await import('../../../src/measure/process-tree.ts')
const { childPids } = await import('../children.ts')
writeSync(3, JSON.stringify({ firstAt, answers, cpuMs: treeCpuMs(childPids()) }))
process.exit(0)
