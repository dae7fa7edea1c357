/**
 * Tasks run from CommonJS: as tsc compiles it, and from a bundle; `require('atonce')` is the same
 * copy as `import`.
 */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync } from 'node:fs'
import { suite, test } from 'node:test'
import { build } from 'esbuild'
import { Project } from './project.ts'
import { assertBoundaryCrossed, assertSurveyed, boundaryFiles, seenBy, surveyFiles } from './survey.ts'

/** The same files as modules of CommonJS have them. */
function asCommonJs(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replaceAll('import.meta', 'module')]),
  )
}

const main = "import { print, survey } from './survey'\nsurvey().then(print)\n"
const boundaryMain = boundaryFiles['main.ts']?.replace(
  /if \(!isWorker\) print\(await (onEach[\s\S]*)\)\s*$/,
  'if (!isWorker) $1.then(print)\n',
)

/** Imports every subpath, and two tasks that count under a lock. */
const subpathsMain = `
import { isWorker, task, threads } from 'atonce'
import * as actors from 'atonce/actors'
import * as choose from 'atonce/choose'
import * as cluster from 'atonce/cluster'
import * as isolates from 'atonce/isolates'
import * as kernels from 'atonce/kernels'
import * as measure from 'atonce/measure'
import * as parallel from 'atonce/parallel'
import { Mutex, SharedArray } from 'atonce/sync'
export const count = task(module, function count(mutex: Mutex, counter: SharedArray<'i32'>): void {
  for (let at = 0; at < 100; at += 1) {
    const guard = mutex.acquireSync()
    counter.view[0]! += 1
    guard.release()
  }
})
async function main() {
  for (const part of [actors, choose, cluster, isolates, kernels, measure, parallel])
    if (Object.keys(part).length === 0) throw new Error('an empty subpath')
  const pool = threads({ workers: 2 })
  const [mutex, counter] = [new Mutex(), new SharedArray('i32', 1)]
  await Promise.all([pool.run(count, mutex, counter), pool.run(count, mutex, counter)])
  console.log(counter.view[0], 'of 200')
  await pool.close()
}
if (!isWorker) void main()
`

suite('tasks in CommonJS', () => {
  for (const [module, resolution] of [
    ['commonjs', 'bundler'],
    ['nodenext', 'nodenext'],
  ] as const) {
    test(`run in workers from what tsc makes of a typeless package: --module ${module}`, async () => {
      using project = Project.with(
        { ...asCommonJs({ ...surveyFiles, 'main.ts': main }), 'package.json': '{ "name": "user" }' },
        ['typescript', '@types/node', 'undici-types'],
      )
      const compiled = await project.run([
        'node_modules/typescript/bin/tsc',
        ...['--module', module, '--moduleResolution', resolution, '--target', 'es2024'],
        ...['--lib', 'es2024,esnext.disposable', '--types', 'node', '--skipLibCheck', 'false'],
        ...['--strict', '--rewriteRelativeImportExtensions', '--outDir', 'built', 'main.ts'],
      ])
      assert.equal(compiled.code, 0, compiled.text)
      assertSurveyed(await project.run(['built/main.js']))
    })
  }

  for (const minify of [false, true]) {
    test(`run in workers from ${minify ? 'a minified' : 'one'} bundle with the library inside, and classes are found again`, async () => {
      using project = Project.with(
        asCommonJs({ ...surveyFiles, ...boundaryFiles, 'main.ts': boundaryMain ?? '' }),
      )
      await build({
        entryPoints: ['main.ts'],
        absWorkingDir: project.folder,
        outfile: 'out/main.cjs',
        bundle: true,
        minify,
        format: 'cjs',
        platform: 'node',
        logLevel: 'error',
      })
      using moved = new Project()
      mkdirSync(moved.path('elsewhere'))
      renameSync(project.path('out/main.cjs'), moved.path('main.cjs'))
      assertBoundaryCrossed(await moved.run(['../main.cjs'], { cwd: moved.path('elsewhere') }))
    })
  }

  test('run beside each subpath from one bundle, and a lock of atonce/sync crosses from it', async () => {
    using project = Project.with({
      'package.json': '{ "name": "user" }',
      'main.cts': subpathsMain,
    })
    await build({
      entryPoints: ['main.cts'],
      absWorkingDir: project.folder,
      outfile: 'out/main.cjs',
      bundle: true,
      format: 'cjs',
      platform: 'node',
      external: ['atonce/testing'], // Its conformance suite finds tasks by their own files.
      logLevel: 'error',
    })
    const { code, text } = await project.run(['out/main.cjs'])
    assert.equal(code, 0, text)
    assert.match(text, /^200 of 200$/m)
  })

  test('run in workers where a preload compiles only what is required, as ts-node and swc-node do', async () => {
    using project = Project.with({
      'package.json': '{ "name": "user" }',
      // A language that Node can't read: the words are in another order.
      'hook.cjs': `
const { readFileSync } = require('node:fs')
require('node:module')._extensions['.odd'] = (module, file) =>
  module._compile(readFileSync(file, 'utf8').replaceAll('let function', 'function'), file)`,
      'tasks.odd': `
const { isWorker, task } = require('atonce')
if (!isWorker) globalThis.evaluated = (globalThis.evaluated ?? 0) + 1
exports.Broke = class Broke extends Error {}
exports.fail = task(module, let function fail() { throw new exports.Broke('broken') })
exports.add = task(module, let function add(a, b) { return a + b })
exports.addThere = task(module, let function addThere(a, b) { return require('atonce').currentExecutor().run(exports.add, a, b) })`,
      'main.js': `
const { processes, threads } = require('atonce')
const { add, addThere, Broke, fail } = require('./tasks.odd')
const on = async pool => {
  const seen = [await pool.run(add, 1, 2), await pool.run(addThere, 3, 4)]
  const error = await pool.run(fail).catch(error => error)
  seen.push(error instanceof Broke, globalThis.evaluated)
  await pool.close()
  return seen
}
Promise.all([threads({ workers: 1 }), processes({ workers: 1 })].map(on)).then(seen => console.log('seen: ' + JSON.stringify({ seen })))`,
    })
    const ended = await project.run(['--require', './hook.cjs', 'main.js'])
    assert.deepEqual(
      seenBy(ended),
      {
        seen: [
          [3, 7, true, 1],
          [3, 7, true, 1],
        ],
      },
      ended.text,
    )
  })

  test('are of the copy of the library that import gives', async () => {
    using project = Project.with({
      'main.mjs': `
import { createRequire } from 'node:module'
import * as imported from 'atonce'
const required = createRequire(import.meta.url)('atonce')
console.log('seen: ' + JSON.stringify({ same: required.TimeoutError === imported.TimeoutError && required.task === imported.task }))`,
    })
    assert.deepEqual(seenBy(await project.run(['main.mjs'])), { same: true })
  })
})
