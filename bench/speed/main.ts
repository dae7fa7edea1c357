/**
 * atonce and everybody else on the same work, in one go; writes RESULTS.md when everything was
 * played.
 *
 *     npm run bench -- [--quick] [--only burst,map] [--rivals piscina,raw] [--rounds 4] [--json]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { cases } from './cases/all.ts'
import { describeMachine } from './machine.ts'
import { measureSample } from './measure-sample.ts'
import { page, type Results } from './report.ts'
import { rivals } from './rivals/all.ts'
import { tournament } from './tournament.ts'

const help = `Plays atonce, its rivals, hand-written workers and Python's pools on the same work, in turns.

  npm run bench                          everything, about half an hour; writes bench/RESULTS.md
  npm run bench -- --quick               two short rounds of each; writes nothing, as all that follow

  --only burst,map                       these cases: ${cases.map(({ name }) => name).join(', ')}
  --rivals 'atonce threads,piscina'      these contenders: ${rivals.map(({ name }) => name).join(', ')}
  --rounds 4                             so many rounds of each, however long that takes
  --json                                 the samples instead of the page`

const options = readOptions()
if (options.help) {
  console.log(help)
  process.exit()
}
const rounds = options.rounds === undefined ? (options.quick ? 2 : undefined) : Number(options.rounds)
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) {
  fail(`--rounds takes a whole number from 1 up; it got ${options.rounds}.`)
}
const windowMs = options.quick ? 100 : 500
/** Whoever asks for a number of rounds gets them. */
const budgetMs = rounds === undefined ? 32 * 60_000 : Number.POSITIVE_INFINITY
const whole = !options.quick && !options.only && !options.rivals && !options.rounds

const machine = describeMachine()
if (machine.python === undefined)
  console.error('There is no python3 on this machine: its pools are left out.')

const begun = performance.now()
const results: Results = {
  machine,
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  tournament: await tournament({
    cases: chosen('case', cases, options.only),
    rivals: chosen('contender', rivals, options.rivals).filter(
      ({ kind }) => kind !== 'python' || machine.python !== undefined,
    ),
    rounds,
    budgetMs,
    measure: (played, rival) => measureSample(played, rival, windowMs),
    onSample: progress(),
  }),
  minutes: (performance.now() - begun) / 60_000,
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')

console.log(options.json ? JSON.stringify(results, undefined, 1) : page(results))
if (whole) {
  // This file runs from bench/dist/bench/speed/.
  writeFileSync(new URL('../../../RESULTS.md', import.meta.url), page(results))
  console.error('bench/RESULTS.md is written.')
} else console.error('bench/RESULTS.md stays as it is: this was only a part of the run.')

const ours = results.tournament.played.flatMap(({ standings }) =>
  standings.filter(({ rival }) => rival.kind === 'atonce'),
)
if (ours.some(({ ended }) => ended?.failed)) process.exitCode = 1

function readOptions(): {
  quick: boolean
  json: boolean
  help: boolean
  only?: string | undefined
  rivals?: string | undefined
  rounds?: string | undefined
} {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        rivals: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return fail((error as Error).message)
  }
}

/**
 * The named ones, in their usual order; all if none is named. A name also stands for all that begin
 * with it.
 */
function chosen<T extends { readonly name: string }>(what: string, all: readonly T[], wanted?: string): T[] {
  if (wanted === undefined) return [...all]
  const matches = (one: T, name: string): boolean => one.name === name || one.name.startsWith(`${name} `)
  const names = wanted.split(',').map(name => name.trim())
  for (const name of names) {
    if (!all.some(one => matches(one, name))) {
      fail(`There is no ${what} ${name}. There are: ${all.map(one => one.name).join(', ')}.`)
    }
  }
  return all.filter(one => names.some(name => matches(one, name)))
}

/** On a terminal who runs now; elsewhere a line for each case of each round. */
function progress(): NonNullable<Parameters<typeof tournament>[0]['onSample']> {
  let shown = ''
  return ({ case: one, rival, round, rounds }) => {
    const at = `round ${round + 1} of ${rounds}, ${one.name}`
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${at}: ${rival.name}`)
    else if (at !== shown) console.error(at)
    shown = at
  }
}

function fail(why: string): never {
  console.error(why)
  process.exit(2)
}
