/**
 * What a worker loads before its first task: the library in few modules, and of Node's own no more
 * than a hand-written worker. Times are measured in bench/ (`npm run bench -- --only cold,memory`);
 * what they come from is counted here.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Project } from './project.ts'

/**
 * Of the package: the entry of `atonce`, and two halves of what the entries of all subpaths share.
 */
const mostFiles = 3
/** Of one of them: the memory in which a file is parsed stays with the thread. */
const mostBytesOfOne = 245_000
/**
 * Of their text. Every worker reads it all, so a model that not every program uses belongs into a
 * subpath of its own.
 */
const mostBytes = 467_000
/** The first line of the thread, and the task’s module. */
const othersInWorkers = 2

const tasks = `
import { task } from 'atonce'
export const loaded = task(import.meta, () => ({ builtIns: process.moduleLoadList, modules: globalThis.loadedModules }))
`

/** Preloaded in the program and inherited by its workers, in whose count it does not stand. */
const count = `
import { registerHooks } from 'node:module'
globalThis.loadedModules = []
registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('node:')) globalThis.loadedModules.push(url)
    return nextLoad(url, context)
  },
})
`

interface Loaded {
  readonly builtIns: readonly string[]
  readonly modules: readonly string[]
}

type Answers = Readonly<Record<'threads' | 'processes' | 'here' | 'plain', Loaded>>

suite('the start of a worker', () => {
  test(`loads no more than ${mostFiles} files and ${mostBytes} bytes of atonce for a first task, near and far`, async () => {
    using project = projectAsking(['threads', 'processes'])
    const { here, threads, processes } = await answers(project, ['--import', './count.js', 'main.js'])
    for (const { modules } of [here, threads, processes]) {
      const files = modules
        .filter(url => url.includes('/node_modules/atonce/'))
        .map(url => fileURLToPath(url))
      assert.ok(modules.some(url => url.endsWith('/tasks.js')))
      assert.ok(files.length >= 1 && files.length <= mostFiles, files.join('\n'))
      const texts = files.map(file => readFileSync(file, 'utf8'))
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
      assert.ok(bytes <= mostBytes, `${bytes} bytes`)
      for (const text of texts) assert.ok(text.length <= mostBytesOfOne, `${text.length} bytes in one file`)
      // One sign beyond Latin-1 doubles the memory of the whole text, and slows its reading.
      for (const text of texts) assert.deepEqual(text.match(/.{0,40}[^\0-\x7f].*/g) ?? [], [])
    }
    for (const { modules } of [threads, processes])
      assert.ok(modules.length <= mostFiles + othersInWorkers, modules.join('\n'))
  })

  test('loads in a thread, of Node’s own modules, only these beyond those of a hand-written worker', async () => {
    using project = projectAsking(['threads'])
    const { plain, threads } = await answers(project, ['main.js'])
    assert.deepEqual(
      threads.builtIns
        .filter(name => !plain.builtIns.includes(name))
        .filter(name => !/^NativeModule internal\/(async_|modules\/)/.test(name)),
      ['NativeModule url'],
    )
  })

  test('loads in the program none of Node’s own modules that only worker processes need', async () => {
    using project = projectAsking(['threads'])
    const { here } = await answers(project, ['main.js'])
    assert.deepEqual(
      ['child_process', 'v8', 'crypto', 'assert', 'os', 'fs/promises'].filter(name =>
        here.builtIns.includes(`NativeModule ${name}`),
      ),
      [],
    )
  })
})

/**
 * A program that prints what it has loaded when a task of each model has run, and what a
 * hand-written worker has.
 */
function projectAsking(models: readonly string[]): Project {
  return Project.with({
    'tasks.js': tasks,
    'count.js': count,
    'plain.js': `
import { parentPort } from 'node:worker_threads'
parentPort.postMessage({ builtIns: process.moduleLoadList })
`,
    'main.js': `
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import * as atonce from 'atonce'
import { loaded } from './tasks.js'
const answers = {}
for (const model of ${JSON.stringify(models)}) {
  await using pool = atonce[model]({ workers: 1 })
  answers[model] = await pool.run(loaded)
}
answers.here = { builtIns: process.moduleLoadList, modules: globalThis.loadedModules }
answers.plain = (await once(new Worker(new URL('./plain.js', import.meta.url)), 'message'))[0]
console.log(JSON.stringify(answers))
`,
  })
}

async function answers(project: Project, args: readonly string[]): Promise<Answers> {
  const { stdout, code, text } = await project.run(args)
  assert.equal(code, 0, text)
  return JSON.parse(stdout) as Answers
}
