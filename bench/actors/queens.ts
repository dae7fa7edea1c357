/**
 * Savina's N-queens by actors on one thread and on two: masters hand parts to 20 workers; the ratio
 * of their times, in turns.
 *
 *     node queens.ts [rounds]
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { supervisor } from '../../src/actors.ts'
import { threads } from '../../src/index.ts'
import { roundsOf } from '../rounds.ts'
import { Queens } from './savina.actors.ts'

const { rounds } = roundsOf('npm --prefix bench run actors:queens', 7)
const size = 14
const solutions = 365_596
const actors = 20
const inARow = 2

/** Ways to set the first queens. */
function parts(rows: readonly number[] = []): number[][] {
  if (rows.length === inARow) return [[...rows]]
  return Array.from({ length: size }, (_, column) => column)
    .filter(column =>
      rows.every((other, at) => column !== other && Math.abs(column - other) !== rows.length - at),
    )
    .flatMap(column => parts([...rows, column]))
}

async function make(workers: number) {
  const pool = threads({ workers })
  const tree = supervisor({ strategy: 'pool' })
  const refs = await Promise.all(Array.from({ length: actors }, () => tree.start(Queens, [], { on: pool })))
  return {
    async time(): Promise<number> {
      const began = performance.now()
      const todo = parts()
      let sum = 0
      await Promise.all(
        refs.map(async ref => {
          for (let rows = todo.pop(); rows !== undefined; rows = todo.pop()) {
            const found = await ref.with({ timeoutMs: 60_000 }).ask.count(size, rows)
            sum += found
          }
        }),
      )
      if (sum !== solutions) throw new Error(`${sum} solutions`)
      return performance.now() - began
    },
    async close() {
      await tree.stop()
      await pool.close()
    },
  }
}

/**
 * How many times as fast two bare threads are as one here and now: other programs take their share
 * of the cores.
 */
const bare = [0, 1].map(
  () =>
    new Worker(
      `require('node:worker_threads').parentPort.on('message', function () {
        let sum = 0
        for (let n = 0; n < 1e8; n += 1) sum += n % 7
        this.postMessage(sum)
      })`,
      { eval: true },
    ),
)
async function bareTime(threadCount: number): Promise<number> {
  const began = performance.now()
  await Promise.all(
    bare.slice(0, threadCount).map(worker => {
      const answer = once(worker, 'message')
      worker.postMessage(0)
      return answer
    }),
  )
  return performance.now() - began
}

const [one, two] = [await make(1), await make(2)]
const ratios: number[] = []
const bareRatios: number[] = []
for (let round = -1; round < rounds; round += 1) {
  const [oneMs, twoMs] = [await one.time(), await two.time()]
  const [bareOneMs, bareTwoMs] = [await bareTime(1), await bareTime(2)]
  if (round < 0) continue
  ratios.push(oneMs / twoMs)
  bareRatios.push((2 * bareOneMs) / bareTwoMs)
}

function range(values: number[]): string {
  values.sort((a, b) => a - b)
  const [least, middle, most] = [0, 0.5, 1].map(at =>
    values[Math.floor((values.length - 1) * at)]?.toFixed(2),
  )
  return `${middle} [${least}–${most}]`
}
console.log(`N-queens (${size}, ${actors} workers): two threads are ${range(ratios)} times one; goal 1.8`)
console.log(`bare threads at the same time, on twice the work: ${range(bareRatios)}`)
for (const worker of bare) await worker.terminate()
await one.close()
await two.close()
