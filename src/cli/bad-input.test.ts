import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { commandLine } from './command-line.ts'
import { atonce, fixtures } from './fixtures/command.ts'

process.chdir(fixtures)
const folder = mkdtempSync(join(tmpdir(), 'atonce-cli-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const broken = write('broken.ts', 'export const = 1\n')
const throwing = write('throwing.mjs', 'throw new Error("not today")\n')
const noTask = write('no-task.mjs', 'export const pi = 3\n')
const noModule = write('notes.txt', 'hello\n')
const badJson = write('bad.json', '[1,\n 2,\n oops]\n')
const badLines = write('bad.ndjson', '1\n\n{"a": \n')
const empty = write('empty.ndjson', '')

const square = ['run', 'tasks.ts#square']
/** What is typed, and what the one line must say. */
const cases: readonly [args: readonly string[], says: RegExp][] = [
  [['run', 'task.ts#square', '--input', '1'], /No such file: task\.ts\. Did you mean tasks\.ts\?/],
  [
    ['run', 'nowhere/tasks.ts#square', '--input', '1'],
    /No such file: nowhere\/tasks\.ts\. There is no folder/,
  ],
  [
    ['run', 'no-such-package#x', '--input', '1'],
    /no such package: no-such-package\. A file begins with \.\//,
  ],
  [['run', '.#square', '--input', '1'], /\. is a directory\. Name the module in it/],
  [['run', '#square', '--input', '1'], /A target is a module and a task in it/],
  [['run', 'tasks.ts#sqare', '--input', '1'], /has no export sqare.*Did you mean square\?/],
  [
    ['run', 'tasks.ts#plain', '--input', '1'],
    /plain function, not a task.*export const plainTask = task\(import\.meta, plain\)/,
  ],
  [['run', 'tasks.ts#limit', '--input', '1'], /is of type number, not a task\. Its tasks are/],
  [['run', 'tasks.ts', '--input', '1'], /exports \d+ tasks .*Name one of them: tasks\.ts#add/],
  [['run', noTask, '--input', '1'], /exports no task\. Make one: export const work = task\(/],
  [['run', broken, '--input', '1'], /broken\.ts can't be imported: SyntaxError/],
  [['run', throwing, '--input', '1'], /throwing\.mjs can't be imported: Error: not today/],
  [['run', noModule, '--input', '1'], /is not a JavaScript or TypeScript module/],
  [['run', 'tasks.ts#countUp', '--input', '1'], /is a generator.*executor\.stream\(countUp/],
  [square, /The task needs inputs: --input/],
  [[...square, '--input', ''], /--input is empty\. Give it JSON/],
  [[...square, '--input', '1', '--output', ''], /The file to write has an empty name/],
  [[...square, '--input', 'nope.json'], /No such file: nope\.json/],
  [[...square, '--input', '[1, 2'], /broken JSON\. Quote it for the shell/],
  [[...square, '--input', '[]'], /an empty list: there is nothing to run/],
  [[...square, '--input', badJson], /bad\.json, line 3: broken JSON: /],
  [[...square, '--input', badLines], /bad\.ndjson, line 3: broken JSON: /],
  [[...square, '--input', empty], /empty\.ndjson is empty/],
  [[...square, '--input', '.'], /\. is a directory\. Name the files in it: --input '\.\/\*'/],
  [[...square, '--input', '*.nope'], /No file matches \*\.nope in /],
  [[...square, '--input', '-', '--input', '-'], /Standard input can be read once/],
  [
    ['run', 'tasks.ts#add', '--input', '[1, 2]'],
    /takes several arguments, so each input is a list.*input 1 is 1/,
  ],
  [[...square, '--input', '1', '--on', 'thread'], /Unknown model "thread".*Did you mean threads\?/],
  [[...square, '--input', '1', '--workers', '0'], /--workers takes a whole number from 1 up.*"0"/],
  [[...square, '--input', '1', '--workers', '-2'], /--workers takes a whole number|argument missing/],
  [[...square, '--input', '1', '--timeout', 'soon'], /--timeout takes a whole number/],
  [[...square, '--input', '1', '--as', 'bits'], /--as takes bytes, text or path; it got "bits"/],
  [[...square, '--input', '1', '--output', '.'], /\. is a directory\. Name a file in it/],
  [
    [...square, '--input', '1', '--output', 'no/such/folder/x.ndjson'],
    /can't be written: there is no such folder/,
  ],
  [[...square, '--inptu', '1'], /Unknown option '--inptu'.*Did you mean --input\?/],
  [[...square, 'a.txt', 'b.txt'], /Too many arguments.*Quote patterns/],
  [['trace', 'tasks.ts#square'], /The task needs inputs: --input/],
  [['trace', 'tasks.ts#square', '--input', '1', '--keep', '0'], /--keep takes a whole number from 1 up/],
  [['trace', 'tasks.ts#square', '--input', '1', '-o', '.'], /\. is a directory\. Name a file in it/],
  [['trace', 'tasks.ts#square', '--input', '1', '-o', 'no/such/t.json'], /there is no such folder/],
  [['trace', 'tasks.ts#limit', '--input', '1', '-o', folder], /is of type number, not a task/],
  [['rnu'], /Unknown command 'rnu'.*Did you mean run\?/],
  [['compare'], /Missing required argument 'target'/],
  [['compare', 'mandelbort'], /Unknown workload mandelbort: .*Did you mean mandelbrot\?/],
  [['compare', 'primes', '--size', 'XL'], /Unknown size "XL"/],
  [['compare', 'primes', '--input', '1'], /--input is for a task of your own/],
  [['compare', 'tasks.ts#square', '--input', '1', '--size', 'M'], /--size is for workloads/],
  [['compare', 'primes', '--on', 'threads,fibres'], /Unknown model "fibres"/],
  [['compare', 'primes', '--report', 'report'], /--report takes the name of an HTML file/],
  ...[
    ['compare', 'tasks.ts#square', '--input', '1', '--report', 'no/such/r.html'],
    ['advise', 'tasks.ts#square', '--input', '1', '--report', 'no/such/r.html'],
    ['scale', 'tasks.ts#square', '--input', '1', '--picture', 'no/such/p.svg'],
    ['trace', 'tasks.ts#square', '--input', '1', '--picture', 'no/such/p.svg'],
    ['gallery', 'run', 'mandelbrot', '--picture', 'no/such/p.png'],
  ].map((args): [string[], RegExp] => [args, /can't be written: there is no such folder\. Choose a folder/]),
  [['gallery', 'run', 'prime'], /Unknown workload prime.*Did you mean primes\?/],
  [['ps', 'abc'], /takes the number of a process, as atonce ps 4711; it got "abc"/],
  [['ps', '-1'], /takes the number of a process.*it got "-1"/],
  [['ps', '0'], /takes the number of a process.*it got "0"/],
  [['ps', '1.5'], /takes the number of a process.*it got "1\.5"/],
  [['ps', '99999999999'], /takes the number of a process/],
  [['ps', '2147483647'], /There is no process 2147483647/],
  [['ps', String(process.pid)], /is this command itself/],
  [['ps', '--watch'], /--watch needs the number of a process/],
  [['ps', '1', '2'], /Too many arguments/],
  [['gallery', 'run', 'matmul', '--picture', join(folder, 'x.png')], /matmul has no picture/],
]

describe('bad input gets one line, exit code 2, and leaves nothing behind', () => {
  for (const [args, says] of cases) {
    test(`atonce ${args.map(arg => arg.replace(folder, '…')).join(' ')}`, async t => {
      const before = readdirSync(fixtures)
      const lines: string[] = []
      t.mock.method(process.stderr, 'write', (text: string) => lines.push(text))
      const code = await commandLine(['node', 'atonce', ...args])
      t.mock.restoreAll()
      assert.match(lines.join(''), says)
      assert.match(stripVTControlCharacters(lines.join('')), /^atonce: [^\n]+\n$/)
      assert.equal(code, 2)
      assert.deepEqual(readdirSync(fixtures), before)
    })
  }
})

describe('bad standard input is told by its line', () => {
  test('a line that is not a JSON', async () => {
    const { code, stderr } = await atonce([...square, '--input', '-'], { input: '1\nx\n' })
    assert.match(stderr, /^atonce: standard input, line 2: broken JSON: [^\n]+\n$/)
    assert.equal(code, 2)
  })

  test('nothing at all', async () => {
    const ended = await atonce([...square, '--input', '-'])
    assert.match(ended.stderr, /^atonce: Standard input is empty\. [^\n]+\n$/)
    assert.deepEqual([ended.code, ended.stdout], [2, ''])
  })
})

describe('with --json a failure is a document too', { concurrency: 2 }, () => {
  const cases: readonly [args: readonly string[], code: number, says: RegExp][] = [
    [[...square, '--input', 'nope.json'], 2, /^No such file: nope\.json/],
    [[...square, '--inptu', '1'], 2, /^Unknown option '--inptu'/],
    [
      ['run', 'tasks.ts#failAt3', '--input', '[3]'],
      1,
      /^tasks\.ts#failAt3 failed on input 1 of 1: RangeError/,
    ],
    [['ps', '2147483647'], 2, /^There is no process/],
    [['compare', 'mandelbort'], 2, /^Unknown workload/],
  ]
  for (const [args, code, says] of cases) {
    test(`atonce ${args.join(' ')} --json`, async () => {
      const failed = await atonce([...args, '--json'])
      const { schema, exitCode, message } = JSON.parse(failed.stdout)
      assert.deepEqual([schema, exitCode, failed.code], ['atonce.error/1', code, code])
      assert.match(message, says)
      assert.ok(failed.stderr.startsWith(`atonce: ${message}\n`))
    })
  }
})

test('nothing in a name or in an error drives the terminal', async () => {
  const name = 'a\u001b[2J\u009b\u202eb'
  const cases = [
    [...square, '--input', name],
    ['run', `${name}.ts#x`, '--input', '1'],
    ['run', `tasks.ts#${name}`, '--input', '1'],
    ['run', 'tasks.ts#failWith', '--input', JSON.stringify(name)],
    ['run', 'tasks.ts#failWith', '--input', JSON.stringify(name), '--json'],
    ['compare', 'tasks.ts#failWith', '--input', JSON.stringify(name)],
    ['run', 'tasks.ts#echo', '--input', JSON.stringify(name)],
    ['compare', name],
    ['ps', name],
    [name],
    ['run', `--${name}`],
  ]
  for (const args of cases) {
    const { stdout, stderr } = await atonce(args)
    assert.notEqual(stdout + stderr, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/, args.join(' '))
  }
})

test('the program itself ends with the code of its command and keeps standard output clean', async () => {
  const ended = await atonce(['run', 'tasks.ts#sqare', '--input', '1'])
  assert.deepEqual([ended.code, ended.stdout], [2, ''])
  assert.match(ended.stderr, /^atonce: [^\n]+\n$/)
})
