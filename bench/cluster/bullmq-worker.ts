/** BullMQ's worker as a program of its own. Arguments: port, queue, jobs at a time. */
import { Worker } from 'bullmq'

const [port = '', queue = '', concurrency = '64'] = process.argv.slice(2)
let done = 0
const worker = new Worker(
  queue,
  async job => (job.name === 'square' ? job.data.n * job.data.n : job.data.text.length),
  { connection: { host: '127.0.0.1', port: Number(port) }, concurrency: Number(concurrency) },
)
worker.on('completed', () => {
  done += 1
  if (done % 500 === 0) process.send?.(done)
})
await worker.waitUntilReady()
process.send?.('up')
