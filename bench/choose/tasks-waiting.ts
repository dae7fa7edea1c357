/**
 * Functions that wait: for a timer, a server on this machine, a file, a limit, or libuv's own
 * threads.
 */
import { createHash, pbkdf2 } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { task } from 'atonce'

const repeatable = { idempotent: true }

function compute(thousands: number): number {
  let state = 1
  for (let step = 0; step < thousands * 1_000; step += 1)
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
}

export const rest = task(
  import.meta,
  async function rest(ms: number): Promise<number> {
    await pause(ms)
    return ms
  },
  repeatable,
)

/** `[wait in ms, thousands of steps]`: waits, then computes. */
export const waitAndCompute = task(
  import.meta,
  async function waitAndCompute(waitMs: number, thousands: number): Promise<number> {
    await pause(waitMs)
    return compute(thousands)
  },
  repeatable,
)

export const fetchText = task(
  import.meta,
  async function fetchText(url: string): Promise<number> {
    return (await (await fetch(url)).text()).length
  },
  repeatable,
)

export const fetchAndParse = task(
  import.meta,
  async function fetchAndParse(url: string): Promise<number> {
    const rows = (await (await fetch(url)).json()) as { a: number; b: number }[]
    let total = 0
    for (let pass = 0; pass < 20; pass += 1) for (const { a, b } of rows) total += Math.hypot(a, b, pass)
    return total
  },
  repeatable,
)

export const sizeOf = task(
  import.meta,
  async function sizeOf(path: string): Promise<number> {
    return (await readFile(path)).length
  },
  repeatable,
)

export const digestOf = task(
  import.meta,
  async function digestOf(path: string): Promise<string> {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  },
  repeatable,
)

export const sizeOfSync = task(
  import.meta,
  function sizeOfSync(path: string): number {
    return readFileSync(path).length
  },
  repeatable,
)

export const keyOf = task(
  import.meta,
  async function keyOf(password: string): Promise<string> {
    return (await promisify(pbkdf2)(password, 'salt', 20_000, 32, 'sha256')).toString('hex')
  },
  repeatable,
)

export const deflated = task(
  import.meta,
  async function deflated(seed: number): Promise<number> {
    const text = `the quick brown fox ${seed} `.repeat(12_000)
    return ((await promisify(deflate)(text)) as Buffer).length
  },
  repeatable,
)
