/**
 * Tasks run from bundles that esbuild makes. Each bundle is moved to another folder, where there is
 * neither a package nor a source, and run from a third one.
 */
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type BuildOptions, build } from 'esbuild'
import { Project } from './project.ts'
import { assertBoundaryCrossed, assertSurveyed, boundaryFiles, seenBy, surveyFiles } from './survey.ts'

const guards = { isWorker: '!isWorker', 'import.meta.main': 'import.meta.main' }

function entry(guard: string): string {
  return `
import { isWorker } from 'atonce'
import { print, survey } from './survey.ts'
if (${guard}) print(await survey())
void isWorker
`
}

async function bundle(source: Project, options: BuildOptions): Promise<Project> {
  await build({
    entryPoints: ['main.ts'],
    absWorkingDir: source.folder,
    outdir: 'out',
    bundle: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
    ...options,
  })
  const moved = new Project()
  for (const file of readdirSync(source.path('out'))) copyFileSync(source.path('out', file), moved.path(file))
  mkdirSync(moved.path('elsewhere'))
  return moved
}

suite('tasks in a bundle by esbuild', () => {
  for (const [name, guard] of Object.entries(guards)) {
    for (const minify of [false, true]) {
      test(`run in workers from one ${minify ? 'minified ' : ''}file, guarded by ${name}, with nothing beside it`, async () => {
        using source = Project.with({ ...surveyFiles, 'main.ts': entry(guard) })
        using built = await bundle(source, { minify })
        assert.deepEqual(readdirSync(built.folder).sort(), ['elsewhere', 'main.mjs'])
        assertSurveyed(await built.run(['../main.mjs'], { cwd: built.path('elsewhere') }))
      })
    }
  }

  test('so do actors of a minified file, whose classes have lost their names', async () => {
    using source = Project.with({
      'main.ts': `
import { isWorker, processes, threads } from 'atonce'
import { actor, supervisor } from 'atonce/actors'
const One = actor(import.meta, class One { n = 0; add(k: number) { return (this.n += k) } fail() { throw new Error('lost') } })
// Each side declares the others in another order.
const other = [() => actor(import.meta, class Two { who() { return 'two' } }), () => actor(import.meta, class Three { who() { return 'three' } })] as const
const three = isWorker ? other[1]() : undefined
const Two = other[0]()
const Three = three ?? other[1]()
if (!isWorker) {
  const lines: unknown[] = [One.name, Two.name]
  for (const on of [threads({ workers: 1 }), processes({ workers: 1 })]) {
    const tree = supervisor()
    const one = await tree.start(One, [], { on })
    lines.push(await one.ask.add(2))
    one.tell.fail()
    lines.push(await one.ask.add(1), one.name)
    for (const cls of [Two, Three]) lines.push(await (await tree.start(cls, [], { on })).ask.who())
    await tree.stop()
    await on.close()
  }
  console.log(JSON.stringify(lines))
}
`,
    })
    using built = await bundle(source, { minify: true })
    const { stdout, text } = await built.run(['main.mjs'])
    const [one, two, ...lines] = JSON.parse(stdout) as unknown[]
    assert.deepEqual([one, two], ['', ''], text)
    const first = lines.slice(0, 5)
    assert.deepEqual(
      first.filter((_, at) => at !== 2),
      [2, 1, 'two', 'three'],
    )
    assert.match(String(first[2]), /^\(anonymous\) \d+$/)
    assert.equal(lines.length, 10)
    assert.deepEqual(
      lines.slice(5).filter((_, at) => at !== 2),
      [2, 1, 'two', 'three'],
    )
  })

  test('run in workers from a folder whose name has spaces, signs and letters of other scripts', async () => {
    using source = Project.with({ ...surveyFiles, 'main.ts': entry(guards.isWorker) })
    using built = await bundle(source, {})
    mkdirSync(built.path("größe #1? 100% 'x'"))
    renameSync(built.path('main.mjs'), built.path("größe #1? 100% 'x'", 'main.mjs'))
    assertSurveyed(await built.run(["größe #1? 100% 'x'/main.mjs"]))
  })

  test('may read the folder of the bundle under permissions, and none above it', async () => {
    using source = Project.with({
      'main.ts': `
import { readFileSync } from 'node:fs'
import { isWorker, processes, task } from 'atonce'
const read = task(import.meta, (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8').length)
if (!isWorker) {
  await using pool = processes({ workers: 1, permissions: {} })
  const lengths = []
  for (const path of ['beside.txt', '../above.txt', '../../above.txt'])
    lengths.push(await pool.run(read, path).catch(error => error.code))
  console.log(JSON.stringify(lengths))
}
`,
    })
    using built = await bundle(source, {})
    mkdirSync(built.path('app/dist'), { recursive: true })
    renameSync(built.path('main.mjs'), built.path('app/dist/main.mjs'))
    for (const folder of ['.', 'app']) built.write(join(folder, 'above.txt'), 'secret')
    built.write('app/dist/beside.txt', 'known')
    const { stdout, text } = await built.run(['app/dist/main.mjs'])
    assert.equal(stdout.trim(), '[5,"ERR_ACCESS_DENIED","ERR_ACCESS_DENIED"]', text)
  })

  test('run in workers from a bundle beside an installed atonce, which stays outside of it', async () => {
    using source = Project.with({ ...surveyFiles, 'main.ts': entry(guards.isWorker) })
    using built = await bundle(source, { external: ['atonce'] })
    cpSync(source.path('node_modules'), built.path('node_modules'), { recursive: true })
    assertSurveyed(await built.run(['main.mjs']))
  })

  for (const minify of [false, true]) {
    test(`run in workers from ${minify ? 'minified ' : ''}chunks, and an entry without tasks needs no guard`, async () => {
      using source = Project.with({
        ...surveyFiles,
        'main.ts': "const { print, survey } = await import('./survey.ts')\nprint(await survey())",
      })
      using built = await bundle(source, { splitting: true, minify })
      assert.ok(readdirSync(built.folder).length > 2, 'It is one file.')
      assertSurveyed(await built.run(['../main.mjs'], { cwd: built.path('elsewhere') }))
    })
  }

  test('run in workers from a chunk that two entries share', async () => {
    using source = Project.with({
      ...surveyFiles,
      'main.ts': entry(guards.isWorker),
      'second.ts': "import { print, survey } from './survey.ts'\nprint(await survey())",
    })
    using built = await bundle(source, { splitting: true, entryPoints: ['main.ts', 'second.ts'] })
    for (const name of ['main', 'second'])
      assertSurveyed(await built.run([`../${name}.mjs`], { cwd: built.path('elsewhere') }))
  })

  for (const options of [
    { minify: false },
    { minify: true },
    { minify: true, splitting: true },
    { minify: true, supported: { 'class-private-field': false, 'class-static-blocks': false } },
  ]) {
    test(`find shareable classes, errors and propagated storages again in a bundle: ${JSON.stringify(options)}`, async () => {
      using source = Project.with({ ...surveyFiles, ...boundaryFiles })
      using built = await bundle(source, options)
      assertBoundaryCrossed(await built.run(['../main.mjs'], { cwd: built.path('elsewhere') }))
    })
  }

  /**
   * A bundle whose task throws each of these in turn; it prints what is left of their classes at
   * the caller.
   */
  const throwing = {
    ...surveyFiles,
    'fail.ts': `
import { OptionError, task, TimeoutError } from 'atonce'
export class Overdrawn extends Error {
  override name = 'Overdrawn'
  balance = -1
}
export const failures = [() => new RangeError('w'), () => new OptionError('x'), () => new TimeoutError('y', 1), () => new Overdrawn('z')]
export const fail = task(import.meta, function fail(which: number) { throw failures[which]() })
`,
    'main.ts': `
import { isWorker } from 'atonce'
import { onEach, print } from './survey.ts'
import { fail, failures } from './fail.ts'
if (!isWorker) print(await onEach(pool => Promise.all(failures.map(async (failure, which) => {
  const expected = failure()
  const { constructor, name, message, balance } = await pool.run(fail, which).catch(error => error)
  return [constructor === expected.constructor, name === expected.name, message === expected.message, balance]
}))))
`,
  }

  for (const minify of [false, true]) {
    test(`fail with the error class of atonce or of the platform, ${minify ? 'also where minifying has renamed it' : 'in one file'}`, async () => {
      using source = Project.with(throwing)
      using built = await bundle(source, { minify })
      const ended = await built.run(['main.mjs'])
      const seen = seenBy(ended) as Record<string, unknown[]>
      const whole = [true, true, true, null]
      for (const model of ['threads', 'processes'])
        assert.deepEqual(seen[model]?.slice(0, 3), [whole, whole, whole], ended.text)
    })
  }

  test('fail with the name and properties, but without the class, of an error whose class the bundle does not export', async () => {
    using source = Project.with(throwing)
    using built = await bundle(source, { minify: true })
    const ended = await built.run(['main.mjs'])
    const seen = seenBy(ended) as Record<string, unknown[]>
    for (const model of ['threads', 'processes'])
      assert.deepEqual(seen[model]?.[3], [false, true, true, -1], ended.text)
  })
})
