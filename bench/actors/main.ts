/**
 * Savina's benchmarks on one thread, beside Erlang/OTP on one scheduler, nact and XState, in turns;
 * medians, ranges, ratios.
 *
 *     npm --prefix bench run actors             # all; with Debian's erlang-base installed, beside Erlang
 *     npm --prefix bench run actors -- 5 ring   # 5 rounds of what has `ring` in its name
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roundsOf } from '../rounds.ts'
import { peers } from './peers.ts'
import { programs } from './programs.ts'

const {
  rounds,
  more: [wanted = ''],
} = roundsOf('npm --prefix bench run actors', 7, ' [part of a name]')

const inErlang = [
  'ping-pong',
  'ring',
  'counting',
  'fork-join-throughput',
  'fork-join-create',
  'spawn',
  'ask',
  'chameneos',
  'big',
]
const compiled = mkdtempSync(join(tmpdir(), 'atonce-savina-'))

function hasErlang(): boolean {
  try {
    execFileSync('erlc', ['-o', compiled, join(import.meta.dirname, 'savina.erl')])
    return true
  } catch {
    console.log('No Erlang here (apt-get install erlang-base): atonce and the peers from npm alone.')
    return false
  }
}

/** Seconds that the same program takes in Erlang, by its own clock. */
function erlang(name: string): number {
  const flags = ['+S', '1:1', '+P', '1000000', '-noshell', '-pa', compiled, '-run', 'savina', 'main', name]
  return Number(execFileSync('erl', flags, { encoding: 'utf8' })) / 1e9
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

function range(values: readonly number[]): string {
  const shown = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
  return `${shown(middle(values))} [${shown(Math.min(...values))}–${shown(Math.max(...values))}]`
}

/** Thousand steps a second. */
async function rate(run: () => Promise<number>): Promise<number> {
  const began = performance.now()
  return (await run()) / (performance.now() - began)
}

const withErlang = hasErlang()
for (const [name, { what, run }] of Object.entries(programs)) {
  if (!name.includes(wanted)) continue
  const beside = withErlang && inErlang.includes(name)
  const others = Object.entries(peers).filter(([, does]) => does[name] !== undefined)
  const [ours, theirs] = [[] as number[], new Map<string, number[]>()]
  const note = (who: string, its: number) => theirs.set(who, [...(theirs.get(who) ?? []), its])
  for (let round = -1; round < rounds; round += 1) {
    const steps = await run().then(count => count)
    const ourRate = await rate(run)
    if (round < 0) continue
    ours.push(ourRate)
    if (beside) note('Erlang', steps / erlang(name) / 1_000)
    for (const [peer, does] of others) note(peer, await rate(does[name] as () => Promise<number>))
  }
  console.log(`${name} (${what}): ${range(ours)} thousand/s`)
  for (const [who, rates] of theirs)
    console.log(
      `    ${who}: ${range(rates)}; ratio ${range(ours.map((one, at) => one / (rates[at] as number)))}`,
    )
}
rmSync(compiled, { recursive: true })
