/**
 * Tasks run from server bundles that `vite build --ssr` makes, moved to another folder and run from
 * a third one.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { build, type InlineConfig } from 'vite'
import { Project } from './project.ts'
import { assertBoundaryCrossed, assertSurveyed, boundaryFiles, surveyFiles } from './survey.ts'

type RollupOptions = NonNullable<NonNullable<InlineConfig['build']>['rolldownOptions']>

/** Builds what `vite build --ssr main.ts` builds, with atonce inside of the bundle. */
async function bundle(source: Project, output: RollupOptions['output'], minify = false): Promise<Project> {
  await build({
    root: source.folder,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: 'main.ts', outDir: 'out', minify, rolldownOptions: { output: output ?? {} } },
  })
  const moved = new Project({ 'package.json': '{ "type": "module" }' })
  for (const file of readdirSync(source.path('out'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('js')) continue
    if (file.includes('/')) mkdirSync(moved.path(file, '..'), { recursive: true })
    copyFileSync(source.path('out', file), moved.path(file))
  }
  mkdirSync(moved.path('elsewhere'))
  return moved
}

suite('tasks in a bundle by vite', () => {
  for (const guard of ['!isWorker', 'import.meta.main']) {
    test(`run in workers from one file, guarded by if (${guard}), with nothing beside it`, async () => {
      using source = Project.with({
        ...surveyFiles,
        'main.ts': `
import { isWorker } from 'atonce'
import { print, survey } from './survey.ts'
if (${guard}) print(await survey())
void isWorker
`,
      })
      using built = await bundle(source, {})
      assert.deepEqual(readdirSync(built.folder).sort(), ['elsewhere', 'main.js', 'package.json'])
      assertSurveyed(await built.run(['../main.js'], { cwd: built.path('elsewhere') }))
    })
  }

  for (const minify of [false, true]) {
    test(`run in workers from ${minify ? 'minified ' : ''}chunks that dynamic imports make`, async () => {
      using source = Project.with({
        ...surveyFiles,
        'main.ts': "const { print, survey } = await import('./survey.ts')\nprint(await survey())",
      })
      using built = await bundle(source, {}, minify)
      assert.ok(readdirSync(built.path('assets')).length > 0)
      assertSurveyed(await built.run(['../main.js'], { cwd: built.path('elsewhere') }))
    })
  }

  test('find shareable classes, errors and propagated storages again in a minified bundle', async () => {
    using source = Project.with({ ...surveyFiles, ...boundaryFiles })
    using built = await bundle(source, {}, true)
    assertBoundaryCrossed(await built.run(['../main.js'], { cwd: built.path('elsewhere') }))
  })

  test('run in workers from chunks that were cut by hand: the library in one, the tasks in another', async () => {
    using source = Project.with({
      ...surveyFiles,
      'main.ts': "import { print, survey } from './survey.ts'\nprint(await survey())",
    })
    using built = await bundle(source, {
      codeSplitting: {
        groups: [
          { name: 'library', test: /node_modules/ },
          { name: 'tasks', test: /tasks\.ts/ },
        ],
      },
    })
    assert.match(readdirSync(built.path('assets')).join(), /^library-[^,]*,tasks-[^,]*$/)
    assertSurveyed(await built.run(['../main.js'], { cwd: built.path('elsewhere') }))
  })
})
