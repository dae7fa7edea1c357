/**
 * The locks of atonce/sync beside bare Atomics and a hand-written futex: ratios within one run, in
 * turns (A B A B …), median and range.
 *
 *     npm --prefix bench run sync
 */

import { threads } from '../../src/index.ts'
import { Barrier, Mutex, Semaphore } from '../../src/sync.ts'
import { roundsOf } from '../rounds.ts'
import { contendFutex, contendMutex, handOffBare, handOffSemaphores, uncontended } from './sides.ts'

const { rounds } = roundsOf('npm --prefix bench run sync', 11)
type Measured = () => number | PromiseLike<number>

/** Prints how `ours` compares to `bare`, both in nanoseconds, measured in turns. */
async function compare(name: string, goal: number, ours: Measured, bare: Measured): Promise<void> {
  const all: { readonly oursNs: number; readonly bareNs: number; readonly ratio: number }[] = []
  for (let round = -1; round < rounds; round += 1) {
    const [oursNs, bareNs] = [await ours(), await bare()]
    if (round >= 0) all.push({ oursNs, bareNs, ratio: oursNs / bareNs }) // The first round warms up.
  }
  const middle = (values: readonly number[]) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
  const ratios = all.map(({ ratio }) => ratio)
  const [oursNs, bareNs] = [middle(all.map(one => one.oursNs)), middle(all.map(one => one.bareNs))]
  console.log(
    `${name}\n    ${oursNs.toFixed(1)} ns beside ${bareNs.toFixed(1)} ns: ratio ${middle(ratios).toFixed(2)} ` +
      `[${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}], goal ${goal}`,
  )
}

const words = () => new Int32Array(new SharedArrayBuffer(64))
await using pool = threads({ workers: 2 })
const start = new Barrier(2)
const slower = async (sides: readonly PromiseLike<number>[]) => Math.max(...(await Promise.all(sides)))

for (const [name, goal, kind] of [
  ['two compare-exchanges by the seam, beside two bare ones', 1, 'seam'],
  ['Mutex acquired and released while nobody waits, beside two bare compare-exchanges', 2, 'mutex'],
  ['a hand-written futex while nobody waits, beside two bare compare-exchanges', 2, 'futex'],
] as const)
  await compare(
    name,
    goal,
    () => pool.run(uncontended, kind),
    () => pool.run(uncontended, 'bare'),
  )

await compare(
  'Mutex by acquireSync, which finds circles of waiting threads, beside tryAcquire, which has none to find',
  1.03,
  () => pool.run(uncontended, 'mutex'),
  () => pool.run(uncontended, 'tried'),
)
await compare(
  'Mutex by `using`, beside `using` of an object whose dispose does nothing',
  1.5,
  () => pool.run(uncontended, 'using'),
  () => pool.run(uncontended, 'emptyUsing'),
)

await compare(
  '2 threads that increment under a Mutex, beside a hand-written futex',
  1.5,
  () => {
    const [contended, counter] = [new Mutex(), words()]
    return slower([0, 1].map(() => pool.run(contendMutex, start, contended, counter, 500_000)))
  },
  () => {
    const [word, counter] = [words(), words()]
    return slower([0, 1].map(() => pool.run(contendFutex, start, word, counter, 500_000)))
  },
)
await compare(
  'blocked threads that take turns by Semaphores, beside bare wait and notify',
  1.2,
  () => {
    const [first, second] = [new Semaphore(1, { max: 1 }), new Semaphore(0, { max: 1 })]
    return slower([
      pool.run(handOffSemaphores, start, first, second, 20_000),
      pool.run(handOffSemaphores, start, second, first, 20_000),
    ])
  },
  () => {
    const turn = words()
    return slower([0, 1].map(who => pool.run(handOffBare, start, turn, who, 20_000)))
  },
)
