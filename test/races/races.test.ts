/**
 * Races between real threads: each planted one is found, its twin is left alone, and so is what the
 * library and the gallery do.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { planted } from './planted.ts'

const limit = { timeout: 120_000 }

async function underRaces(
  file: string,
  args: readonly string[] = [],
  debug = 'races',
): Promise<{ readonly code: number; readonly stderr: string; readonly stdout: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    env: { ...process.env, ATONCE_DEBUG: debug, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', text => {
    said.stdout += text
  })
  child.stderr.on('data', text => {
    said.stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, ...said }
}

test('each planted race is found with both places, and no twin is reported', limit, async t => {
  const { code, stderr } = await underRaces('planted.ts')
  const sections = new Map(
    stderr.split(/^== /m).map(section => {
      const [title = '', ...lines] = section.split('\n')
      return [title, lines.join('\n')]
    }),
  )
  assert.ok(sections.has('end'), stderr)
  for (const { name, isRace = true } of planted)
    await t.test(name, () => {
      assert.equal(sections.get(`clean: ${name}`), '')
      const racy = sections.get(`racy: ${name}`) ?? ''
      if (!isRace) return assert.equal(racy, '')
      assert.match(racy, /^atonce: A data race on .+ of (a SharedArray|record)/)
      const [report = ''] = racy.split('Nothing puts one before the other')
      const places = report.match(/^ {4}at .*test\/races\/(tasks|planted)\.ts:\d+:\d+/gm) ?? []
      assert.ok(places.length >= 2, racy)
      assert.doesNotMatch(report, /\/src\//) // Both stacks are the program's own.
    })
  assert.equal(planted.filter(({ isRace = true }) => isRace).length >= 15, true)
  assert.equal(code, 66)
})

test('nothing is reported in what the library and the gallery do with shared memory', limit, async () => {
  const { code, stderr } = await underRaces('own-programs.ts')
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('without ATONCE_DEBUG=races a view is the typed array itself', async () => {
  const { stdout, code } = await underRaces('own-programs.ts', ['--proxy'], '1')
  assert.equal(stdout, 'false\n')
  assert.equal(code, 0)
})
