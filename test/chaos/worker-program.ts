/**
 * A node that the chaos run kills, freezes and cuts off. Arguments: servers, namespace, lease,
 * model.
 */
import { startWorker } from '../../src/cluster.ts'
import { coroutines, threads } from '../../src/index.ts'
import * as tasks from './tasks.ts'

const [servers = '', namespace = '', leaseMs = '', model = ''] = process.argv.slice(2)

const worker = await startWorker({
  servers,
  namespace,
  leaseMs: Number(leaseMs),
  connectTimeoutMs: 30_000,
  queues: ['default'],
  on: model === 'threads' ? threads({ workers: 1, callsPerWorker: 8 }) : coroutines({ concurrency: 32 }),
  tasks: Object.values(tasks),
})
process.on('SIGTERM', () => {
  void worker.close(10_000).then(() => process.exit(0))
})
process.on('disconnect', () => process.exit(1))
process.send?.('up')
