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
  entry('piscina', 'library', 'threads'),
  entry('tinypool threads', 'library', 'threads'),
  entry('tinypool processes', 'library', 'processes'),
  entry('workerpool threads', 'library', 'threads'),
  entry('workerpool processes', 'library', 'processes'),
  entry('poolifier', 'library', 'threads'),
  entry('comlink', 'library', 'threads', 'no pool of its own: its workers in turn'),
  entry('multithreading', 'library', 'threads'),
  entry('effect', 'library', 'threads', 'imports by sub-path'),
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
  onLoop(
    'atonce coroutines',
    'atonce',
    ['limit', 'map', 'join', 'pass', 'crawl'],
    'Limiter, coroutines().map, children that their scope joins, Channel',
  ),
  onLoop('atonce limiter', 'atonce', ['map'], 'Limiter.map'),
  onLoop('atonce awaited', 'atonce', ['join'], 'each child is awaited too'),
  onLoop(
    'bare promises',
    'hand-written',
    ['join', 'pass'],
    'Promise.all of calls; for a queue, two awaits an item in one loop',
  ),
  onLoop(
    'bare promises in contexts',
    'hand-written',
    ['join'],
    'each call in an AsyncLocalStorage context of its own',
  ),
  onLoop('p-limit', 'library', ['limit', 'crawl'], 'its crawler is written by hand around it'),
  onLoop('p-queue', 'library', ['limit']),
  onLoop('p-map', 'library', ['map']),
  onLoop(
    'effect fibers',
    'library',
    ['map', 'join', 'pass'],
    'Effect.forEach, fibers that are joined, Queue',
  ),
  {
    name: 'python asyncio',
    kind: 'python',
    model: 'coroutines',
    about: 'Semaphore, TaskGroup, Queue',
    brings: ['limit', 'join', 'pass'],
  },
]

function onLoop(
  name: string,
  kind: RivalEntry['kind'],
  brings: RivalEntry['brings'] & {},
  about?: string,
): RivalEntry {
  return { ...entry(name, kind, 'coroutines', about), brings }
}

function entry(
  name: string,
  kind: RivalEntry['kind'],
  model: RivalEntry['model'],
  about?: string,
): RivalEntry {
  const file = `./${name.replaceAll(' ', '-')}.js`
  return { name, kind, model, ...(about && { about }), url: new URL(file, import.meta.url).href }
}
