/** More functions for the half that nothing was tuned by. */
import { gzipSync } from 'node:zlib'
import { move, task } from 'atonce'
import type { Person } from './tasks-carrying.ts'

const repeatable = { idempotent: true }

/** A hash of a short text: under a µs. */
export const hashOf = task(
  import.meta,
  function hashOf(text: string): number {
    let hash = 0x811c9dc5
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    return hash >>> 0
  },
  repeatable,
)

/** Dates, formatted and read again: some µs. */
export const dateAndBack = task(
  import.meta,
  function dateAndBack(day: number): number {
    return Date.parse(new Date(day * 86_400_000).toISOString().replace('T', ' ').slice(0, 10))
  },
  repeatable,
)

/** Conway's game of life on a board of 128 × 128. */
export const life = task(
  import.meta,
  function life(seed: number, generations: number): number {
    const side = 128
    let board = Uint8Array.from({ length: side * side }, (_, at) => ((at * seed) % 7 < 2 ? 1 : 0))
    for (let generation = 0; generation < generations; generation += 1) {
      const next = new Uint8Array(side * side)
      for (let y = 1; y < side - 1; y += 1)
        for (let x = 1; x < side - 1; x += 1) {
          let around = 0
          for (let dy = -1; dy <= 1; dy += 1)
            for (let dx = -1; dx <= 1; dx += 1)
              if (dx !== 0 || dy !== 0) around += board[(y + dy) * side + x + dx] as number
          next[y * side + x] = around === 3 || (around === 2 && board[y * side + x] === 1) ? 1 : 0
        }
      board = next
    }
    return board.reduce((alive, cell) => alive + cell, 0)
  },
  repeatable,
)

/** Divides as often as it must: prime factors of numbers of very different kinds. */
export const largestFactor = task(
  import.meta,
  function largestFactor(n: number): number {
    let [rest, largest] = [n, 1]
    for (let factor = 2; factor * factor <= rest; factor += 1)
      while (rest % factor === 0) {
        rest /= factor
        largest = factor
      }
    return Math.max(rest, largest)
  },
  repeatable,
)

/** Records as a table of text. */
export const asTable = task(
  import.meta,
  function asTable(people: readonly Person[]): string {
    return people.map(({ id, city, amount }) => `${id};${city};${amount.toFixed(2)}`).join('\n')
  },
  repeatable,
)

/** Native, and synchronous: nothing of it runs on libuv's threads. */
export const zipped = task(
  import.meta,
  function zipped(text: string): number {
    return gzipSync(text).length
  },
  repeatable,
)

function medians<A extends Float64Array>(values: A): A {
  const window = [0, 0, 0, 0, 0]
  for (let at = 2; at < values.length - 2; at += 1) {
    for (let near = 0; near < 5; near += 1) window[near] = values[at - 2 + near] as number
    values[at] = window.toSorted((a, b) => a - b)[2] as number
  }
  return values
}

export const smooth = task(
  import.meta,
  function smooth(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return medians(values)
  },
  repeatable,
)
export const smoothMoved = task(
  import.meta,
  function smoothMoved(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return move(medians(values))
  },
)
export const smoothShared = task(import.meta, function smoothShared(values: Float64Array): number {
  return medians(values).length
})
