/** The chaos run of the cluster. */
import { noServer } from '../../src/cluster/fixtures/nats-server.ts'
import { commandOptions } from '../command-options.ts'
import { chaos } from './chaos.ts'

const usage = `npm run chaos -- [options]

  --seed <n>      which faults, and whom they hit; 1 by default
  --tasks <n>     so many tasks; 100000 by default
  --faults <n>    so many faults; 1000 by default
  --workers <n>   programs that run tasks; 3 by default
  --callers <n>   programs that submit them; 2 by default
  --lease <ms>    how long a silent node keeps its tasks; 2000 by default
  --limit <ms>    how long all of it may take; 3600000 by default

How the system interleaves the faults does not follow from the seed, so one that fails once may pass
the next time. Ends with exit code 1 if anything that was acknowledged was lost, counted twice or
hung.`
const { values } = commandOptions(usage, {
  options: {
    seed: { type: 'string', default: '1' },
    tasks: { type: 'string', default: '100000' },
    faults: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '3' },
    callers: { type: 'string', default: '2' },
    lease: { type: 'string', default: '2000' },
    limit: { type: 'string', default: '3600000' },
  },
})

if (noServer !== false) {
  console.log(`chaos: skipped, ${noServer}`)
} else {
  let toldMs = 0
  const report = await chaos({
    seed: Number(values.seed),
    tasks: Number(values.tasks),
    faults: Number(values.faults),
    workers: Number(values.workers),
    callers: Number(values.callers),
    leaseMs: Number(values.lease),
    limitMs: Number(values.limit),
    progress: (tasks, faults) => {
      if (performance.now() - toldMs < 10_000) return
      toldMs = performance.now()
      console.error(`${Math.round(toldMs / 1_000)} s: ${tasks} tasks, ${faults} faults`)
    },
  })
  console.log(
    `seed ${values.seed}: ${report.acknowledged} tasks acknowledged, ${report.runs} runs, ${Math.round(report.durationMs / 1_000)} s`,
  )
  for (const [name, count] of Object.entries(report.faults)) console.log(`  ${count} × ${name}`)
  for (const violation of report.violations.slice(0, 50)) console.log(`  ✗ ${violation}`)
  console.log(
    report.violations.length === 0
      ? 'nothing lost, nothing twice, nothing hung'
      : `${report.violations.length} violations`,
  )
  process.exitCode = report.violations.length === 0 ? 0 : 1
}
