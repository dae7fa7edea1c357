/**
 * The program of the matrix: the survey of test/shipping, as ES modules and as CommonJS have it.
 */
import { surveyFiles } from '../shipping/survey.ts'

/** Two modules and a guarded main program: a bundle holds all of it in one file. */
export const esm: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "user", "type": "module" }',
  ...surveyFiles,
  'main.ts': `
import { isWorker } from 'atonce'
import { print, survey } from './survey.ts'
if (!isWorker) survey().then(print)
`,
}

/** The same in a package without a type, whose TypeScript is compiled to CommonJS. */
export const commonJs: Readonly<Record<string, string>> = {
  ...inCommonJs(esm),
  'package.json': '{ "name": "user" }',
}

/** A test that prints the survey, for a runner that has a global `test`. */
export const surveyTest = `import { print, survey } from './survey.ts'
test('surveys', async () => print(await survey()))
`

function inCommonJs(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replaceAll('import.meta', 'module').replaceAll(/(from '\.\/\w+)\.ts'/g, "$1'"),
    ]),
  )
}

/**
 * The survey's modules as a package of their own, compiled: for a tool that must leave the tasks as
 * they are. Its manifest is written where the compiler leaves it alone.
 */
export const asPackage: Readonly<Record<string, string>> = {
  'tsconfig.package.json': JSON.stringify({
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      rewriteRelativeImportExtensions: true,
      declaration: true,
      rootDir: 'package',
      outDir: 'node_modules/user-tasks',
    },
    include: ['package/*.ts'],
  }),
  'package/package.json': '{ "type": "module" }',
  'package/tasks.ts': surveyFiles['tasks.ts'],
  'package/survey.ts': surveyFiles['survey.ts'],
  'node_modules/user-tasks/package.json': JSON.stringify({
    name: 'user-tasks',
    version: '1.0.0',
    type: 'module',
    exports: './survey.js',
  }),
}

/** What compiles that package, and how. */
export const compiler: Readonly<Record<string, string>> = { typescript: '7.0.2', '@types/node': '24.0.0' }
export const buildPackage = 'tsc -p tsconfig.package.json'

/** What stands in the place of the tasks once a bundle is made: who runs the source is seen. */
export const spoiltTasks = `
import { task } from 'atonce'
export const place = task(import.meta, function place() { return { worker: 'the source', isWorker: true, pid: 0, threadId: 0 } })
export const countPrimes = task(import.meta, function countPrimes() { return -1 })
export const countPrimesThere = task(import.meta, function countPrimesThere() { return { ...place(), primes: -1 } })
`
