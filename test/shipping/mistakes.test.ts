/**
 * What is wrong with a program is said by the error that the program gets, on threads and on
 * processes alike.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { type Ended, Project } from './project.ts'
import { errorsSeenBy, seenBy, surveyFiles } from './survey.ts'

/** Notes each time that the entry file is evaluated, in whatever thread or process. */
const countStarts = `
import { appendFileSync } from 'node:fs'
appendFileSync(process.env.STARTS, '.')
`

/**
 * An entry file whose tasks and whose main program nothing keeps apart; `main` is that program, for
 * the given model.
 */
function unguarded(main: string): string {
  return `
import { processes, task, threads } from 'atonce'
${countStarts}
const start = { processes, threads }[process.env.MODEL]
export const double = task(import.meta, function double(n: number) { return n * 2 })
${main}
`
}

async function runCounting(
  project: Project,
  entry: string,
  model: string,
): Promise<Ended & { starts: number }> {
  const notes = project.path(`starts-${model}`)
  const ended = await project.run([entry], { env: { STARTS: notes, MODEL: model } })
  return { ...ended, starts: existsSync(notes) ? readFileSync(notes, 'utf8').length : 0 }
}

function bundle(
  project: Project,
  options: { format: 'esm' | 'cjs'; outfile: string; minify?: boolean },
): Promise<unknown> {
  return build({
    entryPoints: ['main.ts'],
    absWorkingDir: project.folder,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    ...options,
  })
}

const fix =
  /Move the tasks to a module of their own, or guard the main program[\s\S]*if \(!isWorker\) await main\(\)/

// As webpack writes them: what a chunk has is called by the entry, with what it asks for.
for (const modules of ['__webpack_modules__', '__webpack_esm_modules__'])
  test(`tasks in a chunk that only its entry evaluates (${modules}) are refused with what to set`, async () => {
    using project = Project.with({
      ...surveyFiles,
      'chunk.mjs': `
export const ${modules} = {
  313: task => task(import.meta, function double(n) { return 2 * n }),
}
`,
      'main.mjs': `
import { task } from 'atonce'
import { ${modules} } from './chunk.mjs'
import { onEach, print } from './survey.ts'
const double = ${modules}[313](task)
print(await onEach(pool => pool.run(double, 21)))
`,
    })
    for (const { code, message } of errorsSeenBy(await project.run(['main.mjs']))) {
      assert.equal(code, 'ATONCE_TASK_LOAD')
      assert.match(message, /It is a chunk of webpack.* statically.*splitChunks: false/)
    }
  })

test('functions without names, as minifiers leave them, are not taken for one another', async () => {
  using project = Project.with({
    ...surveyFiles,
    'tasks.mjs': `
import { isWorker, task } from 'atonce'
const add = [n => n + 1, n => n * 100]
if (isWorker) add.reverse()
export const [first, second] = add.map(fn => task(import.meta, fn))
`,
    'main.mjs': `
import { first } from './tasks.mjs'
import { onEach, print } from './survey.ts'
if (first.name !== '') throw new Error(first.name)
print(await onEach(pool => pool.run(first, 1)))
`,
  })
  for (const { code, message } of errorsSeenBy(await project.run(['main.mjs']))) {
    assert.equal(code, 'ATONCE_TASK_LOAD')
    assert.match(message, /task 0 of .*tasks\.mjs is another function; the caller means \(anonymous\)/)
  }
})

suite('an entry file that holds tasks and starts a pool, unguarded,', () => {
  const programs = {
    'waits at its top level': `
const pool = start({ workers: 2 })
console.log(await pool.run(double, 21))
`,
    'has a main function that nobody waits for': `
async function main() {
  const pool = start({ workers: 2 })
  console.log(await pool.run(double, 21))
}
main()
`,
    'starts workers before there is work': `
const pool = start({ workers: 2, minWorkers: 2 })
console.log(await pool.map(double, [20, 21]))
`,
    'catches what its main function fails with': `
async function main() {
  const pool = start({ workers: 1 })
  console.log(await pool.run(double, 21))
}
main().catch(error => {
  console.error(error.name, error.code, error.message)
  process.exitCode = 1
})
`,
    'ends itself when its main function fails': `
async function main() {
  const pool = start({ workers: 1 })
  console.log(await pool.run(double, 21))
}
main().catch(error => {
  console.error(error)
  process.exit(1)
})
`,
  }

  for (const [what, main] of Object.entries(programs)) {
    test(`and ${what}, ends with the fix and no spawn loop`, async () => {
      using project = Project.with({ 'main.ts': unguarded(main) })
      await bundle(project, { format: 'esm', outfile: 'bundle.mjs', minify: true })
      for (const entry of ['main.ts', 'bundle.mjs']) {
        for (const model of ['threads', 'processes']) {
          const ended = await runCounting(project, entry, model)
          const about = `${entry} on ${model}, evaluated ${ended.starts} times: ${ended.text}`
          assert.equal(ended.code, 1, about)
          assert.match(ended.stderr, /EntryPointError/, about)
          assert.match(ended.stderr, /ATONCE_ENTRY_POINT/, about)
          assert.match(ended.stderr, fix, about)
          assert.ok(ended.starts <= 10, about) // Itself, and some tries of two workers.
        }
      }
    })
  }
})

/** A project that prints what `call` comes to on each model; `files` are its modules. */
async function outcomeOf(
  call: string,
  files: Readonly<Record<string, string>>,
  imports = '',
): Promise<Ended> {
  using project = Project.with({
    ...surveyFiles,
    ...files,
    'main.ts': `
import { rmSync, writeFileSync } from 'node:fs'
import { isWorker } from 'atonce'
import { onEach, print } from './survey.ts'
${imports}
void [rmSync, writeFileSync, isWorker]
print(await onEach(${call}))
`,
  })
  return await project.run(['main.ts']) // The project must be there until it has ended.
}

suite('a program that', () => {
  test('was built as CommonJS is told to build ES modules', async () => {
    using project = Project.with({ 'main.ts': unguarded('start().run(double, 21)') })
    await bundle(project, { format: 'cjs', outfile: 'bundle.cjs' })
    const ended = await runCounting(project, 'bundle.cjs', 'threads')
    assert.equal(ended.code, 1)
    assert.match(
      ended.stderr,
      /InvalidTaskError: task\(import\.meta, double\w*\).*CommonJS[\s\S]*--format=esm/,
      ended.text,
    )
    assert.equal(ended.starts, 1)
  })

  for (const minify of [false, true]) {
    test(`was bundled with the source's URL in the place of import.meta is told so, and the source is not run${minify ? ', minified too' : ''}`, async () => {
      using project = Project.with({
        ...surveyFiles,
        'count.ts': `
import { task } from 'atonce'
${countStarts}
export const count = task(import.meta, () => 1)`,
        'main.ts': `
import { onEach, print } from './survey.ts'
import { count } from './count.ts'
import { isWorker } from 'atonce'
if (!isWorker) print(await onEach(pool => pool.run(count)))`,
      })
      // As webpack, Rspack and Turbopack do it.
      const url = JSON.stringify(pathToFileURL(project.path('count.ts')).href)
      const text = readFileSync(project.path('count.ts'), 'utf8').replace('import.meta', `{ url: ${url} }`)
      project.write('built.ts', text)
      project.write(
        'main.ts',
        readFileSync(project.path('main.ts'), 'utf8').replace('./count.ts', './built.ts'),
      )
      await bundle(project, { format: 'esm', outfile: 'bundle.mjs', minify })
      const ended = await project.run(['bundle.mjs'], { env: { STARTS: project.path('starts') } })
      assert.equal(readFileSync(project.path('starts'), 'utf8'), '.', ended.text)
      for (const { name, message } of errorsSeenBy(ended)) {
        assert.equal(name, 'InvalidTaskError')
        assert.match(message, /names \S*count\.ts as its module, but its code runs from \S*bundle\.mjs/)
        assert.match(message, /webpack, rspack, ncc: module\.parser\.javascript\.importMeta: false/)
      }
    })
  }

  for (const [how, listen] of [
    ['a port of its own', 'createServer().listen(0)'],
    ['the port of the program', "createServer().listen(Number(process.env.PORT), '127.0.0.1')"],
  ] as const) {
    test(`opens a server in a module of tasks, on ${how}, is told which one, and the worker does not listen`, async () => {
      using project = Project.with({
        ...surveyFiles,
        'served.ts': `
import { createServer } from 'node:http'
import { task } from 'atonce'
export const one = task(import.meta, () => 1)
${listen}.unref()`,
        'main.ts': `
import { createServer } from 'node:http'
import { once } from 'node:events'
import { onEach, print } from './survey.ts'
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
process.env.PORT = String(server.address().port)
const silent = process.env.PORT
process.env.PORT = '0'
const { one } = await import('./served.ts')
process.env.PORT = silent
print(await onEach(pool => pool.run(one)))
server.close()`,
      })
      const ended = await project.run(['main.ts'])
      for (const { name, message } of errorsSeenBy(ended)) {
        assert.equal(name, 'EntryPointError', ended.text)
        assert.match(message, /served\.ts to find its tasks, and that module opens a server \(port \d+\)/)
      }
    })
  }

  test('passes a plain function is shown how to make it a task', async () => {
    const ended = await outcomeOf(
      'async pool => pool.run(triple as never, 14)',
      {},
      'function triple(n: number) { return n * 3 }',
    )
    for (const { name, code, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'InvalidTaskError')
      assert.equal(code, 'ATONCE_INVALID_TASK')
      assert.match(message, /triple is a plain function/)
      assert.match(message, /export const tripleTask = task\(import\.meta, triple\)/)
    }
  })

  test('passes what is not a function at all is told what was expected', async () => {
    const ended = await outcomeOf("async pool => pool.map('triple' as never, [1])", {})
    for (const { name, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'InvalidTaskError')
      assert.match(message, /it got a string/)
    }
  })

  test('defines a task only where the caller runs is told that the worker does not have it', async () => {
    const ended = await outcomeOf(
      'pool => pool.run(only)',
      {
        'only.ts': `
import { isWorker, task } from 'atonce'
export const only = isWorker ? undefined as never : task(import.meta, function only() {})`,
      },
      "import { only } from './only.ts'",
    )
    for (const { name, code, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.equal(code, 'ATONCE_TASK_LOAD')
      assert.match(
        message,
        /only\.ts called task\(\) where the caller runs, but not when a worker imported it/,
      )
      assert.match(message, /at the top level/)
    }
  })

  test('defines its tasks in another order in workers is told so, and no other task is run instead', async () => {
    const ended = await outcomeOf(
      'pool => pool.run(safe)',
      {
        'shifting.ts': `
import { isWorker, task } from 'atonce'
export const extra = isWorker ? undefined as never : task(import.meta, function extra() {})
export const safe = task(import.meta, function safe() { return 'safe' })
export const dangerous = task(import.meta, function dangerous() { return 'ran what nobody asked for' })`,
      },
      "import { safe } from './shifting.ts'",
    )
    for (const { name, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.match(message, /task 1 of .*shifting\.ts is dangerous; the caller means safe/)
      assert.match(message, /same order/)
    }
  })

  test('defines a task inside of a function that only the caller calls is told to define it at the top level', async () => {
    const ended = await outcomeOf(
      'pool => pool.run(make(2))',
      {
        'make.ts': `
import { task } from 'atonce'
const made = new Map()
export function make(by: number) {
  if (!made.has(by)) made.set(by, task(import.meta, function multiply(n: number) { return n * by }))
  return made.get(by)
}`,
      },
      "import { make } from './make.ts'",
    )
    for (const { name, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.match(message, /at the top level/)
    }
  })

  test('defines its tasks in text given to --eval is told that workers need a module', async () => {
    using project = Project.with(surveyFiles)
    const ended = await project.run([
      '--input-type=module',
      '--eval',
      `
import { task } from 'atonce'
import { onEach, print } from './survey.ts'
const here = task(import.meta, function here() {})
print(await onEach(pool => pool.run(here)))`,
    ])
    for (const { name, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.match(message, /could not import .*eval/)
    }
  })

  test('runs on while its module changes on disk never runs two versions', async () => {
    const ended = await outcomeOf(
      `async pool => {
  writeFileSync(new URL('changing.ts', import.meta.url), changed)
  return pool.run(version)
}`,
      {
        'changing.ts': `
import { task } from 'atonce'
export const version = task(import.meta, function version() { return 1 })`,
      },
      `
import { version } from './changing.ts'
const changed = \`
import { task } from 'atonce'
export const version = task(import.meta, function version() { return 'two' })\``,
    )
    for (const { name, code, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskVersionError')
      assert.equal(code, 'ATONCE_TASK_VERSION')
      assert.match(message, /changing\.ts changed on disk[\s\S]*Restart the program/)
    }
  })

  test('runs on while its module is written anew with the same text runs on', async () => {
    const ended = await outcomeOf(
      `async pool => {
  const same = new URL('same.ts', import.meta.url)
  writeFileSync(same, readFileSync(same))
  utimesSync(same, 1, 1)
  return pool.run(version)
}`,
      {
        'same.ts': `
import { task } from 'atonce'
export const version = task(import.meta, function version() { return 1 })`,
      },
      "import { version } from './same.ts'\nimport { readFileSync, utimesSync } from 'node:fs'",
    )
    assert.deepEqual(seenBy(ended), { threads: 1, processes: 1 }, ended.text)
  })

  test('runs on while its module is deleted is told that the worker could not import it', async () => {
    const ended = await outcomeOf(
      `async pool => {
  rmSync(new URL('gone.ts', import.meta.url), { force: true })
  return pool.run(gone)
}`,
      {
        'gone.ts': `
import { task } from 'atonce'
export const gone = task(import.meta, function gone() {})`,
      },
      "import { gone } from './gone.ts'",
    )
    for (const { name, code, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.equal(code, 'ATONCE_TASK_LOAD')
      assert.match(message, /could not import .*gone\.ts/)
    }
  })

  test('needs a loader that its workers do not have is told which loader to start with', async () => {
    const ended = await outcomeOf(
      'pool => pool.run(paint)',
      {
        'paint.ts': `
import { task } from 'atonce'
export const paint = task(import.meta, function paint() {})
if (process.env.PAINT === undefined) {
  process.env.PAINT = 'loaded'
} else await import('./colours.ts')`,
        'colours.ts': 'export enum Colour { Red }',
      },
      "import { paint } from './paint.ts'",
    )
    for (const { name, message } of errorsSeenBy(ended)) {
      assert.equal(name, 'TaskLoadError')
      assert.match(message, /node --import tsx/)
    }
  })

  test('throws an error class of its task module gets an instance of that class, whole', async () => {
    const ended = await outcomeOf(
      `async pool => {
  const error = await pool.run(withdraw, 70).catch(error => error)
  return [error instanceof Overdrawn, error.name, error.balance, error.cause instanceof RangeError, /withdraw/.test(error.stack)]
}`,
      {
        'account.ts': `
import { task } from 'atonce'
export class Overdrawn extends Error {
  override name = 'Overdrawn'
  balance: number
  constructor(balance: number, options: ErrorOptions) {
    super('overdrawn by ' + -balance, options)
    this.balance = balance
  }
}
export const withdraw = task(import.meta, function withdraw(amount: number) {
  throw new Overdrawn(50 - amount, { cause: new RangeError('no credit') })
})`,
      },
      "import { Overdrawn, withdraw } from './account.ts'",
    )
    const whole = [true, 'Overdrawn', -20, true, true]
    assert.deepEqual(seenBy(ended), { threads: whole, processes: whole }, ended.text)
  })
})
