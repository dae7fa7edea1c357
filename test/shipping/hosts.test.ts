/** Pools start in whatever way the program itself was started, and workers inherit what they need of it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Project, type RunOptions } from './project.ts'
import { assertSurveyed, seenBy, surveyFiles } from './survey.ts'

const entry = "import { print, survey } from './survey.ts'\nprint(await survey())\n"

async function surveyIn(args: readonly string[], files = {}, options: RunOptions = {}): Promise<void> {
  using project = Project.with({ ...surveyFiles, 'main.ts': entry, ...files })
  assertSurveyed(await project.run(args, options))
}

suite('tasks run in workers of a program that was started', () => {
  test('by node --eval, as an ES module', () => surveyIn(['--input-type=module', '--eval', entry]))

  test('by node --input-type=module-typescript -e', () =>
    surveyIn(['--input-type=module-typescript', '-e', `const more: number = 1\n${entry}\nvoid more`]))

  test('by node -e, as CommonJS that imports an ES module', () => surveyIn(['-e', "import('./main.ts')"]))

  test('by node --test', () =>
    surveyIn(['--test', '--test-reporter=tap', 'main.test.ts'], {
      'main.test.ts': `
import { test } from 'node:test'
import { print, survey } from './survey.ts'
test('surveys', async () => print(await survey()))`,
    }))

  test('by node --test without isolation', () =>
    surveyIn(['--test', '--test-isolation', 'none', '--test-reporter', 'tap', 'main.test.ts'], {
      'main.test.ts': `
import { test } from 'node:test'
import { print, survey } from './survey.ts'
test('surveys', async () => print(await survey()))`,
    }))

  test('by node --watch', () => surveyIn(['--watch', 'main.ts'], {}, { until: /^seen: .*\n/m }))

  test('with --max-old-space-size', () => surveyIn(['--max-old-space-size=200', 'main.ts']))

  test('with flags that only a whole process can have', () =>
    surveyIn(['--stack-size=900', '--expose-gc', '--title=host', '--no-warnings', 'main.ts']))

  test('under a debugger, which its worker processes do not open a second time', async () => {
    using project = Project.with({ ...surveyFiles, 'main.ts': entry })
    const ended = await project.run(['--inspect=127.0.0.1:0', 'main.ts'])
    assertSurveyed(ended)
    assert.equal(ended.stderr.match(/Debugger listening/g)?.length, 1, ended.text)
  })

  test('under a profiler, which its worker processes do not start a second time', () =>
    surveyIn([
      '--cpu-prof',
      '--cpu-prof-dir',
      'profiles',
      '--heap-prof',
      '--heap-prof-dir=profiles',
      'main.ts',
    ]))

  test('with NODE_OPTIONS', () =>
    surveyIn(['main.ts'], {}, { env: { NODE_OPTIONS: '--max-old-space-size=200 --enable-source-maps' } }))

  test('with another folder as its working directory', async () => {
    using project = Project.with({ ...surveyFiles, 'main.ts': entry })
    using elsewhere = new Project()
    assertSurveyed(await elsewhere.run([project.path('main.ts')]))
  })

  for (const [how, args, env] of [
    ['--import', ['--import', './hook.mjs'], {}],
    ['--import in NODE_OPTIONS', [], { NODE_OPTIONS: '--import ./hook.mjs' }],
    ['--require', ['--require', './hook.cjs'], {}],
  ] as const) {
    test(`with ${how}: a hook that makes modules is there in workers too`, async () => {
      using project = Project.with({
        ...surveyFiles,
        'hook.mjs': `
import { registerHooks } from 'node:module'
registerHooks({
  resolve: (name, context, next) => name === 'virtual:answer' ? { url: name, shortCircuit: true } : next(name, context),
  load: (url, context, next) => url === 'virtual:answer'
    ? { format: 'module', source: 'export default 42', shortCircuit: true }
    : next(url, context),
})`,
        'hook.cjs': "require('./hook.mjs')",
        'hooked.ts': `
import { task } from 'atonce'
import answer from 'virtual:answer'
import { place } from './tasks.ts'
export const ask = task(import.meta, function ask() { return [answer, place().isWorker] })`,
        'main.ts': `
import { onEach, print } from './survey.ts'
import { ask } from './hooked.ts'
print(await onEach(pool => pool.run(ask)))`,
      })
      const ended = await project.run([...args, 'main.ts'], { env })
      assert.deepEqual(seenBy(ended), { threads: [42, true], processes: [42, true] }, ended.text)
    })
  }

  test('with --conditions, which decide what a worker imports', async () => {
    using project = Project.with({
      ...surveyFiles,
      'package.json': `{ "name": "user", "type": "module",
        "imports": { "#flavour": { "sweet": "./sweet.ts", "default": "./plain.ts" } } }`,
      'sweet.ts': "export const flavour = 'sweet'",
      'plain.ts': "export const flavour = 'plain'",
      'taste.ts': `
import { task } from 'atonce'
import { flavour } from '#flavour'
export const taste = task(import.meta, function taste() { return flavour })`,
      'main.ts': `
import { onEach, print } from './survey.ts'
import { taste } from './taste.ts'
print(await onEach(pool => pool.run(taste)))`,
    })
    for (const args of [['--conditions=sweet'], ['-C', 'sweet']]) {
      const ended = await project.run([...args, 'main.ts'])
      assert.deepEqual(seenBy(ended), { threads: 'sweet', processes: 'sweet' }, ended.text)
    }
  })

  test('with --env-file, whose variables workers see unless they are given others', async () => {
    using project = Project.with({
      ...surveyFiles,
      '.env': 'FLAVOUR=salty',
      'taste.ts': `
import { task } from 'atonce'
export const taste = task(import.meta, function taste() { return process.env.FLAVOUR ?? 'none' })`,
      'main.ts': `
import { processes } from 'atonce'
import { onEach, print } from './survey.ts'
import { taste } from './taste.ts'
const clean = processes({ env: {} })
print({ ...await onEach(pool => pool.run(taste)), clean: await clean.run(taste) })
await clean.close()`,
    })
    const ended = await project.run(['--env-file=.env', 'main.ts'])
    assert.deepEqual(seenBy(ended), { threads: 'salty', processes: 'salty', clean: 'none' }, ended.text)
  })

  test('from a folder that it has left since', async () => {
    using project = Project.with({
      ...surveyFiles,
      '.env': '',
      'main.ts': `${entry.replace('print(', "process.chdir('/')\nprint(")}`,
    })
    assertSurveyed(await project.run(['--env-file=.env', 'main.ts']))
  })
})
