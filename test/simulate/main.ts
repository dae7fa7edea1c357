/**
 * `npm run simulate`: plays programs on the real pool with real workers, and trees of actors, in
 * virtual time.
 *
 *     npm run simulate -- --seeds 1000000        so many of each, from a seed of its own
 *     npm run simulate -- pool --seed 1017       that one program, with its trace
 *
 * The first that fails is printed, with the line that plays it again.
 */
import { commandOptions, refuse } from '../command-options.ts'
import { plays } from './plays.ts'

const usage = `npm run simulate -- [pool | actors] [--seeds 1000000] [--seed 1017]

  --seeds <count>   so many programs of each kind, from a seed of its own; 20000 by default
  --seed <number>   that one program, with its trace`
const { values, positionals } = commandOptions(usage, {
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '20000' }, seed: { type: 'string' } },
})
const seeds = values.seed === undefined ? Number(values.seeds) : 1
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(first))
  refuse('--seeds and --seed take whole numbers, --seeds 1 or more. See --help.')
const chosen = Object.keys(plays).filter(name => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0) refuse(`There are ${Object.keys(plays).join(' and ')}.`)

process.emitWarning = () => {} // Of workers that die while they are idle: here they do.
const startedMs = performance.now()
let toldMs = startedMs

async function playAll(name: string): Promise<boolean> {
  const play = plays[name] as (typeof plays)[string]
  const tally = new Map<string, number>()
  for (let played = 0; played < seeds; played += 1) {
    const seed = (first + played) % 2 ** 31
    try {
      const trace = await play(seed, tally)
      if (values.seed !== undefined) console.log(trace.join('\n'))
    } catch (error) {
      console.error(`${error instanceof Error ? error.message : error}\n`)
      console.error((error as { cause?: { stack?: string } }).cause?.stack ?? '')
      console.error(`Play it again: npm run simulate -- ${name} --seed ${seed}`)
      return false
    }
    if (performance.now() - toldMs > 60_000) {
      toldMs = performance.now()
      console.log(`  ${name}: ${played + 1} of ${seeds}, ${Math.round((toldMs - startedMs) / 1_000)} s`)
    }
  }
  console.log(`${name}: ${seeds} from seed ${first}`)
  for (const [what, count] of [...tally].sort()) console.log(`  ${String(count).padStart(9)} ${what}`)
  return true
}

for (const name of chosen) if (!(await playAll(name))) process.exitCode = 1
