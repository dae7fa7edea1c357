// dist/src/index.js and one file for each other subpath. All that `atonce` alone loads is two
// chunks beside index.js, which the other subpaths import too: there is one copy of each class, and
// a program or a worker that uses only `atonce` reads three files, whatever other subpaths there
// are. Every worker reads the library again when it starts, and a module costs it more than what
// stands in it (docs/decisions/0015-few-modules-for-every-worker.md).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import { keepImports } from './keep-imports.mjs'
import { keepNames } from './keep-names.mjs'

/** Bundles after the compiler has written dist/; `root` is the checkout. */
export async function bundleLibrary(root) {
  removeModules(join(root, 'dist', 'src'))
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const built = Object.values(exports).flatMap(subpath => subpath.default ?? [])
  const entries = built.map(path => {
    const [, name] = /^\.\/dist\/src\/(.*)\.js$/.exec(path)
    return { in: `src/${name}.ts`, out: name }
  })
  await build({
    entryPoints: [...entries, { in: half, out: half }],
    outdir: 'dist/src',
    chunkNames: 'library-[hash]',
    absWorkingDir: root,
    bundle: true,
    splitting: true, // A second copy of a class or of the runtime would not be the same one.
    format: 'esm',
    platform: 'node',
    external: ['@nats-io/*'], // Optional peers, loaded on first use.
    target: 'node22.18',
    minifyWhitespace: true, // Names stay, so that stack traces can be read.
    minifySyntax: true,
    lineLimit: 120, // Node shows the whole line of an error that nobody has caught.
    charset: 'ascii', // One sign beyond Latin-1 doubles the memory of the text, in each worker.
    legalComments: 'none',
    sourcemap: true,
    logLevel: 'warning',
    logOverride: { 'ignored-bare-import': 'silent' }, // Of coreInOne.
    plugins: [coreInOne(root), coreInHalves(root), suiteStaysOutside],
  })
  for (const end of ['js', 'js.map']) rmSync(join(root, `dist/src/${half}.${end}`))
  keepImports(join(root, 'dist/src'))
  keepNames(join(root, 'dist/src'))
  useSuiteFromOutside(root)
}

/**
 * Lets every subpath import src/index.ts first. esbuild makes one chunk of the files that the same
 * subpaths reach: so all that `atonce` reaches is one, and the rest cannot split it. The import
 * itself is left out again, as package.json says that no module does anything by being imported; it
 * counts as a reach all the same.
 */
function coreInOne(root) {
  const core = join(root, 'src/index.ts')
  return {
    name: 'core-in-one',
    setup(bundle) {
      bundle.onResolve({ filter: /^core-in-one$/ }, () => ({ path: core }))
      bundle.onLoad({ filter: /\/src\/[^/]+\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        if (
          path === core ||
          !bundle.initialOptions.entryPoints.some(entry => entry.in === relative(root, path))
        )
          return undefined
        return { contents: `import 'core-in-one'; ${text}`, loader: 'ts' }
      })
    },
  }
}

const half = 'lower-half'
/** With all that they import, which is on lower floors, about a half of what `atonce` loads. */
const lowerHalf = [
  'wire/transport/port',
  'wire/transport/pipe',
  'wire/from-worker',
  'wire/lent/lookout',
  'executor/map/map',
  'coroutines/coroutines',
]

/**
 * Cuts what `atonce` loads into two files, by an entry of the lower half. V8 keeps memory for a
 * whole file while it parses it, 8 bytes for each of its signs, and what was freed of it stays with
 * the thread: two halves take 1.6 MiB less of each idle thread than one file.
 */
function coreInHalves(root) {
  return {
    name: 'core-in-halves',
    setup(bundle) {
      bundle.onResolve({ filter: /^lower-half$/ }, () => ({ path: half, namespace: half }))
      bundle.onLoad({ filter: /.*/, namespace: half }, () => ({
        contents: lowerHalf.map((path, n) => `export * as part${n} from './src/${path}.ts'`).join('\n'),
        resolveDir: root,
      }))
    },
  }
}

const suite = 'src/testing/suite'

/** The conformance suite stays as it is written, so the bundle imports it. */
const suiteStaysOutside = {
  name: 'suite-stays-outside',
  setup(bundle) {
    bundle.onResolve({ filter: /testing\/suite\// }, ({ path }) => ({
      path: path.replace(/\.ts$/, '.js'),
      external: true,
    }))
  },
}

/**
 * The conformance suite's modules, as the compiler made them: a worker finds tasks, errors and
 * classes by module and name, and a bundle renames them. They use the library by its public names,
 * as a user's modules do.
 */
function useSuiteFromOutside(root) {
  for (const name of readdirSync(join(root, 'dist', suite)).filter(name => name.endsWith('.js'))) {
    const path = join(root, 'dist', suite, name)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/(?<=(?: from |import\()['"])\.\.\/\.\.\/[^'"]+/g, '../../index.js'),
    )
  }
}

/**
 * What the compiler made of the bundled parts would be a second copy of them. The declarations
 * stay.
 */
function removeModules(folder) {
  for (const name of readdirSync(folder, { recursive: true }))
    if (/\.js(\.map)?$/.test(name) && !join(folder, name).includes(suite)) rmSync(join(folder, name))
}
