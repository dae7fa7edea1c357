// dist/src/cli/: the command line with the packages it uses, so that the library has no
// dependencies. main.js only looks at the version of Node; all else is in files beside it. The
// library and the gallery stay outside of it: the command line, the gallery and the user's own
// module must see one copy of the library.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { build } from 'esbuild'

/** What the command line may have a copy of, as it has no state that a copy would miss. */
const copied =
  /^(supported|thrown|cli\/.*|measure\/.*|cluster\/(engine|names)|cluster\/nats\/(roles|shelves|refusal)|runtime\/.*|pool\/machine|task\/(arity|line)|declared\/source-text|live\/(print|tree|harmless|rendezvous))\.ts$/

/** Bundles after the compiler has written dist/; `root` is the checkout. */
export async function bundleCli(root) {
  const folder = join(root, 'dist', 'src', 'cli')
  // Nobody imports the command line, so nobody needs its types.
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: [join(root, 'src', 'cli', 'main.ts')],
    outdir: folder,
    splitting: true,
    chunkNames: '[name]-[hash]',
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.18',
    mainFields: ['module', 'main'], // Packages of two forms: the one that is an ES module.
    charset: 'utf8',
    minifyWhitespace: true, // Names stay, so that stack traces can be read.
    legalComments: 'none', // The licences stand whole in LICENSES.txt.
    metafile: true,
    // CommonJS packages inside of the bundle call require() for Node's own modules.
    banner: {
      js: "import { createRequire as atonceRequire } from 'node:module';\nconst require = atonceRequire(import.meta.url);",
    },
    plugins: [fromLibrary(root), fromGallery(root, folder)],
    logLevel: 'warning',
  })
  chmodSync(join(folder, 'main.js'), 0o755)
  writeFileSync(
    join(folder, 'LICENSES.txt'),
    licences(root, 'The command line', Object.keys(metafile.inputs)),
  )
}

/** The licences of the packages in `holder`, a bundle, as each of them asks for. */
export function licences(root, holder, inputs) {
  const packages = new Set(
    inputs.map(input => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean),
  )
  const texts = [...packages].sort().map(path => {
    const folder = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `${holder} contains these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}

/**
 * Leaves the library outside; errors are imported from there too, as they are recognised by their
 * class.
 */
function fromLibrary(root) {
  return {
    name: 'library-stays-outside',
    setup(bundle) {
      bundle.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) => {
        const source = relative(join(root, 'src'), join(resolveDir, path)).split(sep).join('/')
        if (source === 'index.ts' || source === 'errors.ts') return { path: '../index.js', external: true }
        if (['choose.ts', 'cluster.ts', 'measure.ts'].includes(source))
          return { path: `../${source.replace('.ts', '.js')}`, external: true }
        if (source.startsWith('../') || copied.test(source)) return undefined
        throw new Error(
          `${relative(root, importer)} imports src/${source}, which would be bundled a second time. ` +
            'Import a public name of the library, or say in scripts/bundle-cli.mjs that a copy does no harm.',
        )
      })
    },
  }
}

/**
 * Leaves imports of the gallery as imports, with the path that its built modules have from the
 * bundle.
 */
function fromGallery(root, folder) {
  return {
    name: 'gallery-stays-outside',
    setup(bundle) {
      bundle.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const source = join(resolveDir, path)
        if (!source.startsWith(join(root, 'gallery') + sep)) return undefined
        const built = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js')
        if (!existsSync(built))
          throw new Error(
            `The command line imports ${relative(root, source)}, but there is no ${relative(root, built)}.`,
          )
        return { path: relative(folder, built).split(sep).join('/'), external: true }
      })
    },
  }
}
