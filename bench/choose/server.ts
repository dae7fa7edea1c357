/**
 * The server that some functions ask, in a process of its own; it prints its address and ends with
 * its parent.
 *
 *     /reply?ms=5&bytes=2048   a text, after some ms       /rows?ms=10   4,000 records as JSON
 *     /limited?ms=8            four requests at a time, all others wait
 */
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const rows = JSON.stringify(
  Array.from({ length: 4_000 }, (_, at) => ({ a: 1.5 * at, b: 0.37 * at, name: `row ${at}` })),
)
const waiting: (() => void)[] = []
let places = 4

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const ms = Number(searchParams.get('ms'))
  if (pathname === '/limited') {
    if (places === 0) await new Promise<void>(resolve => waiting.push(resolve))
    else places -= 1
    await pause(ms)
    const next = waiting.shift()
    if (next === undefined) places += 1
    else next()
    response.end('served')
    return
  }
  await pause(ms)
  response.end(pathname === '/rows' ? rows : 'x'.repeat(Number(searchParams.get('bytes'))))
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}`)
})
process.stdin.once('end', () => process.exit()).resume()
