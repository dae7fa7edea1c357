import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprint } from '../fingerprint.ts'
import { endsOf, isPath, makeMaze } from './maze.ts'
import { flood, wander } from './search.ts'
import { learntOf, runSolvers } from './solvers.ts'

// From a second implementation, in Python.
test('the mazes of a seed are known, square by square, and so are their shortest ways', () => {
  const perfect = makeMaze(250, 42)
  assert.equal(fingerprint(perfect.walls), 'f5a415f36d1d1ba1')
  assert.deepEqual(flood(perfect), { length: 21_404, levels: 40_775, widest: 24, reached: 124_999 })
  const looped = makeMaze(500, 42, true)
  assert.equal(fingerprint(looped.walls), 'bfb6e0e04cc1aacc')
  assert.deepEqual(flood(looped), { length: 9_970, levels: 10_645, widest: 151, reached: 502_442 })
})

test('a wanderer finds a path through no wall, the shortest where there is only one', () => {
  const perfect = makeMaze(30, 7)
  const path = wander(perfect, 1) as Uint32Array
  assert.ok(isPath(perfect, path))
  assert.equal(path.length - 1, flood(perfect).length)
  const looped = makeMaze(60, 7, true)
  const lengths = [1, 2, 3, 4].map(seed => {
    const found = wander(looped, seed) as Uint32Array
    assert.ok(isPath(looped, found))
    return found.length - 1
  })
  assert.ok(new Set(lengths).size > 1)
  assert.ok(Math.min(...lengths) >= flood(looped).length)
  assert.equal(
    wander(looped, 1, () => true),
    undefined,
  )
})

test('a path that jumps, goes through a wall or ends elsewhere is none', () => {
  const maze = makeMaze(5, 1)
  const path = [...(wander(maze, 1) as Uint32Array)]
  const { start } = endsOf(maze)
  assert.ok(isPath(maze, path))
  assert.equal(isPath(maze, path.slice(0, -1)), false)
  assert.equal(isPath(maze, [start, ...path.slice(2)]), false)
  assert.equal(isPath({ ...maze, walls: new Uint8Array(maze.walls).fill(1) }, path), false)
  assert.equal(isPath(maze, []), false)
})

test('all solvers find ways through one maze, as long as they may be, and a batch all of its own', {
  timeout: 60_000,
}, async () => {
  const solved = await runSolvers({ cells: 20, workers: 2, rounds: 1, batch: 4 })
  assert.deepEqual(
    [...solved.one, ...solved.many].map(({ name }) => name),
    ['linear', 'first to finish', 'best answer', 'level by level', 'batch, linear', 'batch'],
  )
})

test('what was learnt follows from the figures, and is not said where others held the cores', () => {
  const way = (name: string, workMs: number, cpuMs = workMs) => ({ name, prepareMs: 0, workMs, cpuMs })
  const one = [way('linear', 20), way('first to finish', 25), way('level by level', 60)]
  const many = [way('batch, linear', 300), way('batch', 160)]
  const told = { levels: 10_000, widest: 151 }
  assert.equal(
    learntOf({ one, many, ...told }),
    [
      'One maze: first to finish was the best of the others, 0.80 times as fast as one searcher.',
      'Level by level took 4.0 µs more a level, of 10,000, none of which has more than 151 squares.',
      'Many mazes: 1.88 times as fast.',
    ].join('\n'),
  )
  const held = [way('linear', 20, 6), ...one.slice(1)]
  assert.match(learntOf({ one: held, many, ...told }), /^Other programs held the cores/)
})
