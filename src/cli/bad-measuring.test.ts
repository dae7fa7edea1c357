/** Code and systems that can't be measured: one clear line and a clean end. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { choose } from '../choose.ts'
import { task } from '../index.ts'
import { atonce, ended, fixtures } from './fixtures/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-bad-measuring-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'trace.json')
const inputs = ['--input', '[1, 2]']
const limit = ['--timeout', '300']

describe('a task that never returns is given up after its time', { concurrency: 2 }, () => {
  for (const args of [
    ['advise', 'tasks.ts#computeForever', ...inputs],
    ['advise', 'tasks.ts#neverSettles', ...inputs],
    ['scale', 'tasks.ts#computeForever', ...inputs],
    ['trace', 'tasks.ts#waitForever', ...inputs, '-o', file],
  ])
    test(args.slice(0, 2).join(' '), { timeout: 300_000 }, async () => {
      const { code, stderr } = await atonce([...args, ...limit])
      assert.match(
        stderr.replace('computing\n', ''),
        /^atonce: [^\n]*did not (end|finish) within 300 ms[^\n]*\n$/,
      )
      assert.ok(code === 124 || code === 1, `${code}`)
    })
})

test('a task that begins to compute when its time is over is given up too', {
  timeout: 120_000,
}, async () => {
  const program = spawn(process.execPath, [join(fixtures, 'computes-late.ts')])
  const { code, stderr } = await ended(program)
  assert.match(stderr, /^atonce: late did not finish within 300 ms/)
  assert.equal(code, 124)
})

describe('a task that throws is told with its error and its line', { concurrency: 2 }, () => {
  for (const [args, says] of [
    [
      ['advise', 'tasks.ts#failAt3', '--input', '[1, 3, 1, 1]'],
      /failAt3 threw on input 2 of 4.*three is too many/,
    ],
    [
      ['scale', 'tasks.ts#failAt3', '--input', '[3, 1]'],
      /^atonce: tasks\.ts#failAt3 failed: RangeError: three/,
    ],
    [['trace', 'tasks.ts#failAt3', '--input', '[3, 1]', '-o', file], /failed on input 1 of 2: RangeError/],
  ] as const)
    test(args.slice(0, 2).join(' '), async () => {
      const { code, stderr } = await atonce(args)
      assert.match(stderr, says)
      assert.match(stderr, /^atonce: [^\n]+\n(?!.*report it)/)
      assert.equal(code, 1)
    })
})

test('items that grow a hundredfold get an answer', async () => {
  const growing = Array.from({ length: 100 }, (_, at) => 2_000 * (at + 1))
  const sieve = '../../choose/fixtures/tasks.ts#sieve'
  const { code, stdout } = await atonce(['advise', sieve, '--input', JSON.stringify(growing), '--json'])
  const { items, predictions } = JSON.parse(stdout)
  assert.ok(code === 0 || code === 3, `${code}`)
  assert.ok(items === 100 && predictions.length >= 3)
})

const tried: number[] = []
const noted = task(import.meta, function noted(n: number): number {
  return tried.push(n)
})

test('of items that grow, the first to be tried are from all over', async () => {
  await choose(noted, { inputs: Array.from({ length: 100 }, (_, at) => at + 1) })
  // How many there is time for is for the machine to say.
  const first = tried.slice(0, 4)
  assert.deepEqual(first, [1, 100, 64, 27].slice(0, first.length))
})

describe('where /proc can’t be read', { skip: process.platform !== 'linux' }, () => {
  const noProc = { NODE_OPTIONS: `--import ${pathToFileURL(`${fixtures}no-proc.ts`).href}` }

  test('time tells the real time, and says why no more', async () => {
    const { code, stdout } = await atonce(['time', '--json', '--', process.execPath, '-e', ''], {
      env: noProc,
    })
    const { wallMs, userMs, coresBusy, sentence } = JSON.parse(stdout)
    assert.equal(code, 0)
    assert.ok(wallMs > 0)
    assert.deepEqual([userMs, coresBusy], [undefined, undefined])
    assert.match(sentence, /does not tell the CPU time of other processes|too short/)
  })

  test('doctor has a line about it', async () => {
    const { code, stdout } = await atonce(['doctor'], { env: noProc })
    assert.equal(code, 0)
    assert.match(stdout, /^! processes +\/proc can’t be read/m)
  })
})
