/** A node as a program of its own. Arguments: servers, namespace, calls at a time, lease in ms. */
import { startWorker } from '../../src/cluster.ts'
import { coroutines } from '../../src/index.ts'
import { bytesOf, Echo, lengthOf, secondRun, square } from './tasks.ts'

const [servers = '', namespace = '', concurrency = '64', leaseMs = '30000'] = process.argv.slice(2)
await startWorker({
  servers,
  namespace,
  queues: ['default'],
  on: coroutines({ concurrency: Number(concurrency) }),
  tasks: [bytesOf, lengthOf, square, secondRun],
  entities: [Echo],
  leaseMs: Number(leaseMs),
})
process.send?.('up')
process.on('SIGINT', () => process.exit(0))
