/**
 * A node that runs the gallery's tasks, as `npx atonce worker` runs yours. Arguments: servers,
 * lease, workers. It ends with the program that has started it.
 */
import { startWorker } from '../../src/cluster.ts'
import { processes } from '../../src/index.ts'
import { SharedAccount } from '../actor-bank/shared-account.ts'
import { visitPage, visitPages } from '../crawler/tasks.ts'
import { renderBand } from '../mandelbrot/tasks.ts'
import { addUp, countPiece } from '../word-count/tasks.ts'

const [servers = '', leaseMs = '', workers = ''] = process.argv.slice(2)

await startWorker({
  servers,
  leaseMs: Number(leaseMs),
  queues: ['default'],
  on: processes({ workers: Number(workers) }),
  tasks: [renderBand, visitPage, visitPages, countPiece, addUp],
  entities: [SharedAccount],
})
process.on('disconnect', () => process.exit())
process.send?.('up')
