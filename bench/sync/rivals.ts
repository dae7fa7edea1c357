/**
 * Each primitive that multithreading (W4G1) has too, beside ours, in turns (A B A B …): medians of
 * ratios, with their range.
 *
 *     npm --prefix bench run sync:rivals
 */

import { threads } from '../../src/index.ts'
import { Barrier, Mutex } from '../../src/sync.ts'
import { roundsOf } from '../rounds.ts'
import { alone, contended, pairs, type Whose } from './rival-sides.ts'

const { rounds } = roundsOf('npm --prefix bench run sync:rivals', 11)
const middle = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

async function compare(name: string, measured: (whose: Whose) => PromiseLike<number>): Promise<void> {
  const all: { readonly oursNs: number; readonly theirsNs: number }[] = []
  for (let round = -1; round < rounds; round += 1) {
    const one = { oursNs: await measured('ours'), theirsNs: await measured('theirs') }
    if (round >= 0) all.push(one) // The first round warms up.
  }
  const ratios = all.map(({ oursNs, theirsNs }) => oursNs / theirsNs)
  console.log(
    `${name.padEnd(34)} ${middle(all.map(one => one.oursNs))
      .toFixed(0)
      .padStart(7)} ns beside ` +
      `${middle(all.map(one => one.theirsNs))
        .toFixed(0)
        .padStart(7)} ns: ${middle(ratios).toFixed(2)} ` +
      `[${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}]`,
  )
}

await using pool = threads({ workers: 2 })
for (const pair of pairs) await compare(pair, whose => pool.run(alone, pair, whose))

const times = 100_000
await compare('Mutex, 2 threads that increment', async whose => {
  const [start, mutex, words] = [new Barrier(2), new Mutex(), new SharedArrayBuffer(8)]
  const sides = [0, 1].map(() => pool.run(contended, start, mutex, words, whose, times))
  const ns = Math.max(...(await Promise.all(sides)))
  const counted = new Int32Array(words, 4, 1)[0]
  if (counted !== 2 * times) throw new Error(`${whose}: ${counted} of ${2 * times} were counted.`)
  return ns
})
