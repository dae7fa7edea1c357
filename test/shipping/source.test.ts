/** Tasks run from the source: TypeScript as Node runs it, compiled by tsc, and through tsx. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Project } from './project.ts'
import { assertSurveyed, surveyFiles } from './survey.ts'

const entry = "import { print, survey } from './survey.ts'\nprint(await survey())\n"

suite('tasks from the source', () => {
  test('run in workers from .ts files that Node runs directly', async () => {
    using project = Project.with({ ...surveyFiles, 'main.ts': entry })
    assertSurveyed(await project.run(['main.ts']))
  })

  for (const guard of ['!isWorker', 'import.meta.main']) {
    test(`run in workers from an entry file whose main program stands behind if (${guard})`, async () => {
      using project = Project.with({
        ...surveyFiles,
        'tasks.ts': `
import { print, survey } from './survey.ts'
${surveyFiles['tasks.ts']}
if (${guard}) print(await survey())
`,
      })
      assertSurveyed(await project.run(['tasks.ts']))
    })
  }

  test('run in workers from JavaScript that tsc wrote, with what the compiler makes of the types', async () => {
    using project = Project.with({ ...surveyFiles, 'main.ts': entry }, [
      'typescript',
      '@types/node',
      'undici-types',
    ])
    const compiled = await project.run([
      'node_modules/typescript/bin/tsc',
      ...[
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--lib',
        'es2024,esnext.disposable',
        '--types',
        'node',
      ],
      ...['--strict', '--rewriteRelativeImportExtensions', '--outDir', 'built', 'main.ts'],
    ])
    assert.equal(compiled.code, 0, compiled.text)
    assertSurveyed(await project.run(['built/main.js']))
  })

  test('run in workers from modules whose path has spaces, signs and letters of other scripts', async () => {
    const folder = 'a #1 folder? 100% größe/源'
    using project = Project.with({
      [`${folder}/tasks.ts`]: surveyFiles['tasks.ts'],
      [`${folder}/survey.ts`]: surveyFiles['survey.ts'],
      [`${folder}/main.ts`]: entry,
    })
    assertSurveyed(await project.run([`${folder}/main.ts`]))
  })

  test('run in workers that inherit tsx, also when a task module needs it: an enum, a namespace, an import of .js', async () => {
    using project = Project.with(
      {
        ...surveyFiles,
        'main.ts': `
import { onEach, print } from './survey.js'
import { brighten } from './colours.js'
print(await onEach(pool => pool.run(brighten, 'Red')))
`,
        'colours.ts': `
import { context, task } from 'atonce'
import { place } from './tasks.js'
enum Colour { Red = 0x800000, Green = 0x008000 }
namespace Light { export const factor = 2 }
export const brighten = task(import.meta, function brighten(name: keyof typeof Colour) {
  return [Colour[name] * Light.factor - 0x10000, place().isWorker]
})
`,
      },
      ['tsx'],
    )
    for (const args of [
      ['--import', 'tsx', 'main.ts'],
      ['node_modules/tsx/dist/cli.mjs', 'main.ts'],
    ]) {
      const ended = await project.run(args)
      assert.match(
        ended.stdout,
        /seen: \{"threads":\[16711680,true\],"processes":\[16711680,true\]\}/,
        ended.text,
      )
    }
  })
})
