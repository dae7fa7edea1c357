/**
 * A program that holds several copies of atonce: a dependency brings its own, or a loader evaluates
 * one file twice.
 */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Project } from './project.ts'
import { assertSurveyed, errorsSeenBy, seenBy, surveyFiles } from './survey.ts'

/**
 * A package of the project that has a copy of atonce of its own, as npm nests it when two versions
 * are asked for.
 */
function projectWithLib(lib: string, files: Readonly<Record<string, string>>): Project {
  const project = Project.with({
    ...surveyFiles,
    'node_modules/lib/package.json': '{ "name": "lib", "type": "module", "exports": "./index.js" }',
    'node_modules/lib/index.js': lib,
    ...files,
  })
  cpSync(project.path('node_modules/atonce'), project.path('node_modules/lib/node_modules/atonce'), {
    recursive: true,
  })
  return project
}

/** Makes the nested copy one that goes together with no other. */
function makeIncompatible(project: Project): void {
  const folder = project.path('node_modules/lib/node_modules/atonce/dist/src')
  for (const name of readdirSync(folder).filter(name => name.endsWith('.js'))) {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    writeFileSync(
      `${folder}/${name}`,
      text
        .replace(/\bcompatibility=\d+/, 'compatibility=999')
        .replace(/\bversion="[^"]+"/, 'version="9.9.9"'),
    )
  }
}

suite('a program with a second copy of atonce', () => {
  test('shares calls, executors, workers and error classes with it', async () => {
    using project = projectWithLib(
      `
import { context, currentExecutor, isWorker, Limiter, TimeoutError } from 'atonce'
const limiter = new Limiter({ concurrency: 2 })
export const twice = n => limiter.run(async () => n * 2)
export const about = () => {
  context().progress(1)
  return [isWorker, context().worker, currentExecutor().model]
}
export const late = () => { throw new TimeoutError('late', 1) }
`,
      {
        'use.ts': `
import { task } from 'atonce'
import { about, late, twice } from 'lib'
export const work = task(import.meta, async (n: number) => [await twice(n), about()])
export const fail = task(import.meta, () => late())
`,
        'main.ts': `
import { TimeoutError } from 'atonce'
import { onEach, print } from './survey.ts'
import { fail, work } from './use.ts'
print(await onEach(async pool => {
  let progress = 0
  const seen = []
  for (const n of [1, 2]) seen.push(await pool.run(work, n).onProgress(() => { progress += 1 }))
  const error = await pool.run(fail).catch(error => error)
  return [seen, progress, error instanceof TimeoutError, error.name]
}))
`,
      },
    )
    const ended = await project.run(['main.ts'])
    const of = (model: string, worker: string) => [
      [1, 2].map(n => [n * 2, [true, worker, model]]),
      2,
      true,
      'TimeoutError',
    ]
    assert.deepEqual(
      JSON.parse(JSON.stringify(seenBy(ended)).replace(/ \(pid \d+\)/g, '')),
      { threads: of('threads', 'thread 1'), processes: of('processes', 'process 1') },
      ended.text,
    )
  })

  test('runs the tasks of that copy, and finds its errors to be of the same classes', async () => {
    using project = projectWithLib(
      `
import { OptionError, task } from 'atonce'
export { OptionError }
export const half = task(import.meta, function half(n) {
  if (n % 2 !== 0) throw new OptionError('odd')
  return n / 2
})
`,
      {
        'main.ts': `
import { OptionError } from 'atonce'
import { half, OptionError as Theirs } from 'lib'
import { onEach, print } from './survey.ts'
print(await onEach(async pool => {
  const error = await pool.run(half, 1).catch(error => error)
  return [await pool.run(half, 84), error instanceof OptionError, error instanceof Theirs, new Theirs('x') instanceof OptionError]
}))
`,
      },
    )
    const ended = await project.run(['main.ts'])
    const right = [42, true, true, true]
    assert.deepEqual(seenBy(ended), { threads: right, processes: right }, ended.text)
  })

  test('that is preloaded begins to work only when all preloads are there', async () => {
    using project = projectWithLib("import 'atonce'\n", {
      'hook.mjs': 'globalThis.hooked = 42',
      'hooked.ts': `
import { task } from 'atonce'
const seen = (globalThis as { hooked?: number }).hooked
export const ask = task(import.meta, () => seen)`,
      'main.ts': `
import { onEach, print } from './survey.ts'
import { ask } from './hooked.ts'
print(await onEach(pool => pool.run(ask)))`,
    })
    const ended = await project.run(['--import', 'lib', '--import', './hook.mjs', 'main.ts'])
    assert.deepEqual(seenBy(ended), { threads: 42, processes: 42 }, ended.text)
  })

  test('that does not go together with it works by itself, and its tasks are refused with both files and versions', async () => {
    using project = projectWithLib(
      `
import { isWorker, Limiter, task } from 'atonce'
export const half = task(import.meta, function half(n) { return n / 2 })
const limiter = new Limiter({ concurrency: 1 })
export const limited = n => limiter.run(async () => [n, isWorker])
`,
      {
        'use.ts': `
import { task } from 'atonce'
import { limited } from 'lib'
export const work = task(import.meta, (n: number) => limited(n))`,
        'main.ts': `
import { half } from 'lib'
import { onEach, print } from './survey.ts'
import { work } from './use.ts'
print(await onEach(pool => pool.run(work, 1)))
print(await onEach(pool => pool.run(half, 84)))`,
      },
    )
    makeIncompatible(project)
    const ended = await project.run(['main.ts'])
    const [works, refused] = ended.stdout.trim().split('\n')
    const part = (stdout = '') => ({ ...ended, stdout })
    assert.deepEqual(seenBy(part(works)), { threads: [1, true], processes: [1, true] }, ended.text)
    for (const { name, message } of errorsSeenBy(part(refused))) {
      assert.equal(name, 'InvalidTaskError')
      assert.match(message, /^half is a task of atonce 9\.9\.9 \(.*lib\/node_modules\/atonce.*\)/)
      assert.match(message, /this executor is of atonce \d+\.\d+\.\d+ \(\S*\/node_modules\/atonce\S*\)/)
    }
  })
})

suite('tsx in a package without "type": "module", which evaluates atonce as CommonJS and as an ES module', () => {
  const typeless = { 'package.json': '{ "name": "user" }' }
  const runs = [
    ['--import', 'tsx', 'main.ts'],
    ['node_modules/tsx/dist/cli.mjs', 'main.ts'],
  ]

  test('runs tasks in workers', async () => {
    using project = Project.with(
      {
        ...surveyFiles,
        ...typeless,
        'main.ts': "import { print, survey } from './survey'\nsurvey().then(print)",
      },
      ['tsx'],
    )
    for (const args of runs) assertSurveyed(await project.run(args))
  })

  test('runs a guarded main program once, and tells tasks about their call', async () => {
    using project = Project.with(
      {
        ...surveyFiles,
        ...typeless,
        'main.ts': `
import { context, isWorker, task } from 'atonce'
import { onEach, print } from './survey'
export const look = task(import.meta, function look() {
  context().progress(1, 1)
  return [isWorker, context().worker.split(' ')[0]]
})
if (!isWorker) onEach(async pool => {
  let progress = 0
  const seen = await pool.run(look).onProgress(() => { progress += 1 })
  return [seen, progress]
}).then(print)
`,
      },
      ['tsx'],
    )
    for (const args of runs) {
      const ended = await project.run(args)
      const right = { threads: [[true, 'thread'], 1], processes: [[true, 'process'], 1] }
      assert.deepEqual(seenBy(ended), right, ended.text)
    }
  })
})
