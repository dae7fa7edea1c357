/** A node as a program of its own. Arguments: servers, namespace, calls at a time. */
import { startWorker } from '../../src/cluster.ts'
import { coroutines } from '../../src/index.ts'
import * as tasks from './tasks.ts'

const [servers = '', namespace = '', concurrency = '64'] = process.argv.slice(2)
await startWorker({
  servers,
  namespace,
  queues: ['default'],
  on: coroutines({ concurrency: Number(concurrency) }),
  tasks: Object.values(tasks),
})
process.send?.('up')
process.on('SIGINT', () => process.exit(0))
