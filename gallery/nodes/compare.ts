/**
 * A workload on three nodes with one worker each, beside `processes()` with three: in turns.
 *
 *     node gallery/nodes/compare.ts [--size L] [--rounds 5] [mandelbrot] [crawler]
 */
import { parseArgs } from 'node:util'
import { cluster } from '../../src/cluster.ts'
import { type Executor, processes } from '../../src/index.ts'
import { crawler } from '../crawler/workload.ts'
import { mandelbrot } from '../mandelbrot/workload.ts'
import type { SizeName, Workload } from '../workload.ts'
import { startNodes } from './nodes.ts'

const workers = 3
const { values, positionals } = parseArgs({
  options: { size: { type: 'string', default: 'L' }, rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
})
const chosen = [mandelbrot, crawler].filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)

await using nodes = await startNodes({ count: workers, leaseMs: 30_000 })
await using jobs = cluster({ servers: nodes.servers })
await using pool = processes({ workers })
for (const workload of chosen) {
  const ratios: number[] = []
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    const order = round % 2 === 0 ? ([jobs, pool] as const) : ([pool, jobs] as const)
    const ms = new Map<Executor, number>()
    for (const on of order) ms.set(on, await timed(workload, on))
    const [onNodes = 0, inProcesses = 0] = [ms.get(jobs), ms.get(pool)]
    if (round === 0) continue // The first one starts workers and compiles.
    ratios.push(inProcesses / onNodes)
    console.log(
      `${workload.name}: ${onNodes.toFixed(0)} ms on nodes, ${inProcesses.toFixed(0)} ms in processes`,
    )
  }
  ratios.sort((one, other) => one - other)
  const middle = ratios[Math.floor(ratios.length / 2)] ?? 0
  console.log(
    `${workload.name}: ${middle.toFixed(2)} of the speed of processes (${ratios.map(ratio => ratio.toFixed(2)).join(' ')})`,
  )
}

async function timed(workload: Workload, on: Executor): Promise<number> {
  const size = workload.sizes[values.size as SizeName]
  const began = performance.now()
  const answer = await workload.parallel(on, size)
  const ms = performance.now() - began
  const { ok, shows } = workload.check(answer, size)
  if (!ok) throw new Error(`${workload.name} on ${on.model}: ${shows}`)
  return ms
}
