// The modules of dist/gallery that use a package, each with that package inside: the gallery has no
// dependencies either.
import { writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'
import { licences } from './bundle-cli.mjs'

/**
 * What test/floors.test.ts lets import packages. Each is a leaf: it imports nothing of the gallery
 * or the library.
 */
const modules = ['gallery/crawler/read-page', 'gallery/png/codec']

/** Bundles after the compiler has written dist/; `root` is the checkout. */
export async function bundleGallery(root) {
  for (const module of modules) {
    const outfile = join(root, 'dist', `${module}.js`)
    const { metafile } = await build({
      entryPoints: [join(root, `${module}.ts`)],
      outfile,
      absWorkingDir: root,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22.18',
      charset: 'utf8',
      minifyWhitespace: true, // Names stay, so that stack traces can be read.
      legalComments: 'none', // The licences stand whole beside it.
      metafile: true,
      plugins: [withoutSideEffects],
      logLevel: 'warning',
    })
    writeFileSync(
      join(dirname(outfile), 'LICENSES.txt'),
      licences(root, basename(outfile), Object.keys(metafile.inputs)),
    )
  }
}

/**
 * Packages that do not say so are only functions too: what is not used of them (a serializer and
 * its tables) is left out.
 */
const withoutSideEffects = {
  name: 'packages-without-side-effects',
  setup(bundle) {
    bundle.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'asked' || from.kind === 'entry-point') return undefined
      const { path: found, external, errors } = await bundle.resolve(path, { ...from, pluginData: 'asked' })
      return { path: found, external, errors, sideEffects: false }
    })
  },
}
