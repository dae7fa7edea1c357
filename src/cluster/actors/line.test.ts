/** A line over hints that are lost, doubled and late: under virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { runtime } from '../../runtime/runtime.ts'
import { simulate } from '../../runtime/simulate.ts'
import { Line } from './line.ts'

const leaseMs = 3_000

/** As many frames in a row may get lost: of more than that, a line may be given up. */
const mostLost = 3

/**
 * Two ends of one line; `loss` is the share of frames that get lost, never more than `mostLost` in
 * a row unless all do.
 */
function lines(random: () => number, loss: () => number) {
  const heard: [number[], number[]] = [[], []]
  const silent: number[] = []
  const ends: Line[] = []
  for (const side of [0, 1] as const) {
    let lost = 0
    const isLost = () => {
      const share = loss()
      lost = random() < share && (share === 1 || lost < mostLost) ? lost + 1 : 0
      return lost > 0
    }
    ends.push(
      new Line({
        leaseMs,
        send: (first, parts, count) => {
          for (let copy = random() < 0.1 ? 2 : 1; copy > 0; copy -= 1)
            if (!isLost()) runtime().setTimer(random() * 50, () => ends[1 - side]?.hear(first, parts, count))
        },
        deliver: part => heard[side].push(part as number),
        silent: () => silent.push(side),
      }),
    )
  }
  return { near: ends[0] as Line, far: ends[1] as Line, heard, silent }
}

test('whatever gets lost, doubled or late: each part is heard once, in the order that they were said', () =>
  simulate(
    async ({ random }) => {
      const { near, far, heard, silent } = lines(random, () => 0.3)
      const numbers = Array.from({ length: 200 }, (_, n) => n)
      for (const n of numbers) {
        near.say(n)
        if (n % 3 === 0) far.say(n)
        if (random() < 0.3) await sleep(random() * 40)
      }
      while (silent.length === 0 && (heard[1].length < 200 || heard[0].length < 67)) await sleep(50)
      assert.deepEqual(heard[1], numbers)
      assert.deepEqual(
        heard[0],
        numbers.filter(n => n % 3 === 0),
      )
      assert.deepEqual(silent, [])
      near.close()
      far.close()
    },
    { runs: 6 },
  ))

test('a line on which nothing is said stays; one whose other side is gone is given up after a lease', () =>
  simulate(
    async ({ random }) => {
      let loss = 0
      const { near, silent } = lines(random, () => loss)
      near.say(1)
      await sleep(10 * leaseMs)
      assert.deepEqual(silent, [])
      loss = 1
      const goneMs = runtime().now()
      while (silent.length < 2) await sleep(50)
      assert.ok(runtime().now() - goneMs <= 1.5 * leaseMs)
    },
    { runs: 10 },
  ))
