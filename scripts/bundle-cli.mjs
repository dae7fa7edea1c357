// dist/src/cli/main.js: the command line in one file, with the packages it uses, so that the library has no dependencies.
// The library itself and the gallery stay outside of it: the command line, the gallery and the user's own module must
// see one copy of the library.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { build } from 'esbuild'

/** Bundles after the compiler has written dist/; `root` is the checkout. */
export async function bundleCli(root) {
  const folder = join(root, 'dist', 'src', 'cli')
  // What the compiler made of the bundled parts would be a second copy of them.
  for (const part of ['cli', 'measure'])
    rmSync(join(root, 'dist', 'src', part), { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: [join(root, 'src', 'cli', 'main.ts')],
    outfile: join(folder, 'main.js'),
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
    plugins: [outside(root, folder)],
    logLevel: 'warning',
  })
  chmodSync(join(folder, 'main.js'), 0o755)
  writeFileSync(join(folder, 'LICENSES.txt'), licences(root, 'main.js', Object.keys(metafile.inputs)))
}

/** The licences of the packages in a bundle, as each of them asks for. */
export function licences(root, bundle, inputs) {
  const packages = new Set(
    inputs.map(input => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean),
  )
  const texts = [...packages].sort().map(path => {
    const folder = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `${bundle} contains these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}

/** Leaves imports of the library and the gallery as imports, with the path they have from the bundle. */
function outside(root, folder) {
  const inside = ['cli', 'measure'].map(part => join(root, 'src', part) + sep)
  return {
    name: 'library-stays-outside',
    setup(bundle) {
      bundle.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const source = join(resolveDir, path)
        if (
          kind === 'entry-point' ||
          source.includes(`${sep}node_modules${sep}`) ||
          inside.some(part => source.startsWith(part))
        )
          return undefined
        const built = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js')
        if (!existsSync(built))
          throw new Error(
            `The command line imports ${relative(root, source)}, but there is no ${relative(root, built)}.`,
          )
        const fromBundle = relative(folder, built).split(sep).join('/')
        return { path: fromBundle, external: true }
      })
    },
  }
}
