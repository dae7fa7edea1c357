/**
 * Actors across threads, beside what postMessage does by itself: tells in a second, and the median
 * of an ask there and back.
 *
 *     npm --prefix bench run actors:across
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { spawn, supervisor } from '../../src/actors.ts'
import { threads } from '../../src/index.ts'
import { roundsOf } from '../rounds.ts'
import { Sink, Source } from './across.actors.ts'

const { rounds } = roundsOf('npm --prefix bench run actors:across', 9)
const tells = 400_000
const asks = 4_000

const bare = new Worker(
  `const { parentPort } = require('node:worker_threads')
   let count = 0
   parentPort.on('message', message => {
     if (typeof message === 'number') parentPort.postMessage(message)
     else { count += message.length; if (message.last) { parentPort.postMessage(count); count = 0 } }
   })`,
  { eval: true },
)

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

async function bareRoundTrip(): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < asks; n += 1) {
    const began = performance.now()
    const answer = once(bare, 'message')
    bare.postMessage(n)
    await answer
    times.push(performance.now() - began)
  }
  return middle(times) * 1_000
}

await using tree = supervisor()
const pool = threads({ workers: 1 })
const sink = await tree.start(Sink, [], { on: pool })

async function askRoundTrip(): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < asks; n += 1) {
    const began = performance.now()
    await sink.ask.echo(n)
    times.push(performance.now() - began)
  }
  return middle(times) * 1_000
}

async function tellRate(): Promise<number> {
  const before = await sink.ask.count()
  const began = performance.now()
  const told = Promise.withResolvers<void>()
  const source = await spawn(Source, [told.resolve])
  const send = (left: number): void => void source.tell.send(sink, left, send)
  send(tells)
  await told.promise
  const count = (await sink.ask.count()) - before
  if (count !== tells) throw new Error(`${count} of ${tells} arrived`)
  await source.stop()
  return tells / (performance.now() - began) / 1_000
}

const measured = { bare: [] as number[], ask: [] as number[], tell: [] as number[] }
for (let round = -1; round < rounds; round += 1) {
  const [bareUs, askUs, perUs] = [await bareRoundTrip(), await askRoundTrip(), await tellRate()]
  if (round < 0) continue
  measured.bare.push(bareUs)
  measured.ask.push(askUs)
  measured.tell.push(perUs)
}
const range = (values: readonly number[], digits: number) =>
  `${middle(values).toFixed(digits)} [${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}]`
console.log(`tell across threads, million messages/s: ${range(measured.tell, 2)}, goal 1`)
console.log(
  `ask there and back, p50 µs: ${range(measured.ask, 1)}; bare postMessage: ${range(measured.bare, 1)}`,
)
const ratios = measured.ask.map((us, at) => us / (measured.bare[at] as number))
console.log(`ratio: ${range(ratios, 2)}, goal 1.5`)
await tree.stop()
await bare.terminate()
await pool.close()
