import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertDocumented } from './fixtures/documented.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const tasks = fileURLToPath(new URL('../choose/fixtures/tasks.ts', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function atonce(...args: readonly string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

test('time tells real, user and system time of a command and passes its output and exit code on', async () => {
  const { code, stdout, stderr } = await atonce(
    'time',
    '--',
    process.execPath,
    '-e',
    'console.log(1); process.exit(7)',
  )
  assert.deepEqual([code, stdout], [7, '1\n'])
  assert.match(stderr, /^real .* user .* sys .* cores busy .* peak .*\n/)
})

test('time --json is a document of its schema', async () => {
  const { stdout } = await atonce('time', '--json', '--', process.execPath, '-e', '')
  const document = JSON.parse(stdout)
  assert.deepEqual([document.schema, document.exitCode, document.wallMs > 0], ['atonce.time/1', 0, true])
  assertDocumented(document)
})

test('time --json prints its document alone: what the command prints goes to standard error', async () => {
  const program = 'console.log(1); console.error(2)'
  const { stdout, stderr } = await atonce('time', '--json', '--', process.execPath, '-e', program)
  assert.deepEqual([JSON.parse(stdout).exitCode, stderr], [0, '1\n2\n'])
})

test('a --json of the command that is timed is not ours', async () => {
  const { code, stdout } = await atonce('time', '--', 'no-such-command', '--json')
  assert.deepEqual([code, stdout], [127, ''])
})

test('time of a command that is not there, or is no program, is one line and the code that shells have', async () => {
  const missing = await atonce('time', '--', 'no-such-command')
  assert.deepEqual([missing.code, missing.stderr], [127, 'atonce: no-such-command: command not found.\n'])
  if (process.platform === 'win32') return
  const { code, stderr } = await atonce('time', '--', tasks)
  assert.deepEqual([code, stderr], [126, `atonce: ${tasks} can't be executed: permission denied.\n`])
})

test('time of a command that a signal ends has its code as a shell has it', {
  skip: process.platform === 'win32',
}, async () => {
  const { code, stdout } = await atonce('time', '--json', '--', 'sh', '-c', 'kill -9 $$')
  assert.deepEqual([code, JSON.parse(stdout).signal], [137, 'SIGKILL'])
})

test('timeit tells what one call of an expression takes, and refuses what is none', async () => {
  const document = JSON.parse((await atonce('timeit', '--json', '[3, 1, 2].sort()')).stdout)
  assert.equal(document.schema, 'atonce.timeit/1')
  assertDocumented(document)
  assert.ok(document.callMs.low <= document.callMs.median)
  const wrong = await atonce('timeit', '1 +')
  assert.equal(wrong.code, 2)
  assert.match(
    wrong.stderr,
    /neither file\.ts#export nor an expression: SyntaxError: Unexpected end of input/,
  )
  assert.match((await atonce('timeit', 'await 1')).stderr, /Leave out await: a promise/)
  assert.match((await atonce('timeit', 'let n = 1')).stderr, /it is a statement\. Make a function of it/)
})

test('advise says which model a task needs, with a prediction for each, a report and a picture', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-advise-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [report, picture] = [join(folder, 'advice.html'), join(folder, 'advice.svg')]
  const inputs = JSON.stringify(Array.from({ length: 50 }, (_, at) => 100_003 + at))
  const args = [
    'advise',
    `${tasks}#isPrime`,
    '--input',
    inputs,
    '--json',
    '--report',
    report,
    '--picture',
    picture,
  ]
  const { stdout } = await atonce(...args)
  const page = readFileSync(report, 'utf8')
  assert.match(
    page,
    /^<!DOCTYPE html>.*Predicted time of all items.*Where one item’s time goes.*<\/html>\n$/s,
  )
  assert.match(page, /50 items, (s|ms|µs) →</)
  assert.match(readFileSync(picture, 'utf8'), /^<svg(?!.*var\(--).*▸ plain loop.*<\/svg>\n$/s)
  const document = JSON.parse(stdout)
  assert.deepEqual([document.schema, document.way, document.items], ['atonce.advise/1', 'plain loop', 50])
  assert.ok(document.predictions.length >= 3 && document.sentence.startsWith('Use a plain loop'))
  assertDocumented(document)
})

test('advise without inputs is one clear line', async () => {
  const { code, stderr } = await atonce('advise', `${tasks}#isPrime`)
  assert.equal(code, 2)
  assert.match(stderr, /--input/)
})
