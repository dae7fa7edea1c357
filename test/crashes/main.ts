/**
 * `npm run crashes`: the programs of actors with a crash at each of their messages, at every place.
 *
 *     npm run crashes                                all, some seeds of each
 *     npm run crashes -- processes --seeds 3         in real processes, three times
 */
import { commandOptions, refuse } from '../command-options.ts'
import { Crashes } from './every-crash.ts'
import { here, onVirtualClock, type Place, played, RealPlace } from './places.ts'
import { programs } from './programs.ts'

const usage = `npm run crashes -- [place …] [--seeds 1]

  place              here, virtual, played-threads, played-processes, threads, processes; all by default
  --seeds <count>    how often each crash is played, each time with another seed; 1 by default`
const { values, positionals } = commandOptions(usage, {
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '1' } },
})
const seeds = Number(values.seeds)
if (!Number.isSafeInteger(seeds) || seeds < 1) refuse('--seeds takes a whole number, 1 or more. See --help.')

const places: Readonly<Record<string, () => Place | Promise<Place & AsyncDisposable>>> = {
  here: () => here,
  virtual: () => onVirtualClock,
  'played-threads': () => played('threads'),
  'played-processes': () => played('processes'),
  threads: () => RealPlace.open('threads', 2),
  processes: () => RealPlace.open('processes', 2),
}
const unknown = positionals.find(name => !Object.hasOwn(places, name))
if (unknown !== undefined) refuse(`There is no place ${unknown}. See --help.`)

process.emitWarning = () => {} // Of workers that die while they are idle: here they do.
for (const [where, open] of Object.entries(places)) {
  if (positionals.length > 0 && !positionals.includes(where)) continue
  const place = await open()
  const began = performance.now()
  let count = 0
  for (const [name, program] of Object.entries(programs))
    count += await new Crashes(name, program, place).all(seeds)
  console.log(`${where}: ${count} crashes, ${((performance.now() - began) / 1_000).toFixed(1)} s`)
  if (place instanceof RealPlace) await place[Symbol.asyncDispose]()
}
