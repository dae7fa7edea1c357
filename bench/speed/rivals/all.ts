/** Who runs, without loading anybody. */
import type { RivalEntry } from '../rival.ts'

export const rivals: readonly RivalEntry[] = [
  entry('loop', 'loop', 'loop', 'the plain loop on the main thread'),
  entry('atonce threads', 'atonce', 'threads'),
  entry('atonce processes', 'atonce', 'processes'),
  entry('raw', 'hand-written', 'threads', 'one postMessage for each call, to the workers in turn'),
  entry('raw1', 'hand-written', 'threads', 'a queue, one call in flight for each worker'),
  entry('raw-batch', 'hand-written', 'threads', 'all calls of one turn in one message for each worker'),
  entry('raw-chunks', 'hand-written', 'threads', '32 slices for each worker, one in flight each'),
  entry('piscina', 'pool', 'threads'),
  entry('tinypool threads', 'pool', 'threads'),
  entry('tinypool processes', 'pool', 'processes'),
  entry('workerpool threads', 'pool', 'threads'),
  entry('workerpool processes', 'pool', 'processes'),
  entry('poolifier', 'pool', 'threads'),
  entry('comlink', 'pool', 'threads', 'no pool of its own: its workers in turn'),
  entry('multithreading', 'pool', 'threads'),
  entry('effect', 'pool', 'threads', 'imports by sub-path'),
  { name: 'python Pool', kind: 'python', model: 'processes', about: 'multiprocessing.Pool' },
  {
    name: 'python ProcessPoolExecutor',
    kind: 'python',
    model: 'processes',
    about: 'concurrent.futures, its default chunksize of 1',
  },
  {
    name: 'python ProcessPoolExecutor chunked',
    kind: 'python',
    model: 'processes',
    about: 'with a chunksize given by hand: 32 chunks for each worker',
  },
]

function entry(
  name: string,
  kind: RivalEntry['kind'],
  model: RivalEntry['model'],
  about?: string,
): RivalEntry {
  const file = `./${name.replace(' ', '-')}.js`
  return { name, kind, model, ...(about && { about }), url: new URL(file, import.meta.url).href }
}
