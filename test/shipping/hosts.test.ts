/**
 * Pools start in whatever way the program itself was started, and workers inherit what they need of
 * it.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
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

  test('under a profiler, with a profile for each worker beside the program’s own', async () => {
    using project = Project.with({ ...surveyFiles, 'main.ts': entry })
    const flags = ['--cpu-prof', '--cpu-prof-dir', 'profiles', '--heap-prof', '--heap-prof-dir=profiles']
    const ended = await project.run([...flags, 'main.ts'])
    assertSurveyed(ended)
    const names = readdirSync(project.path('profiles'))
    const of = (end: string) =>
      new Set(names.filter(name => name.endsWith(end)).map(name => name.split('.')[3]))
    // The program and at least one of its worker processes; a busy machine may need only one.
    for (const end of ['.cpuprofile', '.heapprofile']) assert.ok(of(end).size >= 2, names.join('\n'))
  })

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

  for (const [how, args, env] of [
    ['a path', ['--import', './hook.mjs'], {}],
    ['a path in one word', ['--require=./hook.mjs'], {}],
    ['the name of a package', ['--import', 'hook'], {}],
    ['a path in NODE_OPTIONS', [], { NODE_OPTIONS: '--no-warnings --import "./hook.mjs"' }],
    ['a path beside flags that no thread can have', ['--expose-gc', '--import', './hook.mjs'], {}],
  ] as const) {
    test(`from a folder that it has left since, with a preload that is ${how}`, async () => {
      using project = Project.with({
        ...surveyFiles,
        'hook.mjs': 'globalThis.hooked = 42',
        'node_modules/hook/package.json': '{ "name": "hook", "type": "module", "exports": "./index.js" }',
        'node_modules/hook/index.js': 'globalThis.hooked = 42',
        'hooked.ts': `
import { task } from 'atonce'
const hooked = (globalThis as { hooked?: number }).hooked
export const ask = task(import.meta, () => [hooked, process.cwd()])`,
        'main.ts': `
import { onEach, print } from './survey.ts'
import { ask } from './hooked.ts'
process.chdir('/')
print(await onEach(pool => pool.run(ask)))`,
      })
      const ended = await project.run([...args, 'main.ts'], { env })
      assert.deepEqual(seenBy(ended), { threads: [42, '/'], processes: [42, '/'] }, ended.text)
    })
  }
})

suite('what a task starts', () => {
  test('is started as from the program itself: a fork, a thread, a worker of a cluster', async () => {
    using project = Project.with({
      ...surveyFiles,
      'child.mjs': 'process.send(process.execArgv)\nprocess.disconnect()',
      'thread.mjs': "import { parentPort } from 'node:worker_threads'\nparentPort.postMessage('a thread')",
      'starts.ts': `
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { task } from 'atonce'
const child = new URL('./child.mjs', import.meta.url).pathname
const saidBy = async (emitter: any) => (await once(emitter, 'message'))[0]
export const byFork = task(import.meta, () => saidBy(fork(child)))
export const byThread = task(import.meta, () => saidBy(new Worker(new URL('./thread.mjs', import.meta.url))))
export const byCluster = task(import.meta, () => {
  cluster.setupPrimary({ exec: child })
  return saidBy(cluster.fork())
})`,
      'main.ts': `
import { onEach, print } from './survey.ts'
import { byCluster, byFork, byThread } from './starts.ts'
print(await onEach(async pool => [await pool.run(byFork), await pool.run(byThread), await pool.run(byCluster)]))`,
    })
    for (const flags of [[], ['--no-warnings']]) {
      const ended = await project.run([...flags, 'main.ts'])
      const right = [flags, 'a thread', flags]
      assert.deepEqual(seenBy(ended), { threads: right, processes: right }, ended.text)
    }
  })
})
