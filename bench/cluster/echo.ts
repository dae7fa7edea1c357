/** Answers bare requests with what they hold. Arguments: servers. */
import { loadNats } from '../../src/cluster/nats/load.ts'

const nats = await loadNats()
const connection = await nats.connect({ servers: process.argv[2] })
connection.subscribe('bench.echo', {
  callback: (_, { data, reply }) => connection.publish(reply as string, data),
})
await connection.flush()
process.send?.('up')
