// dist/ from src/ and gallery/: declarations and the gallery's modules by the TypeScript compiler,
// the library and the command line bundled.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
// Imported now: installing esbuild is what a bare clone may still have to do.
const { bundleLibrary } = await import('./bundle-library.mjs')
const { bundleCli } = await import('./bundle-cli.mjs')
await bundleLibrary(root)
const { writeRequireEntries } = await import('./require-entries.mjs')
writeRequireEntries(root)
await bundleCli(root)
const { bundleGallery } = await import('./bundle-gallery.mjs')
await bundleGallery(root)
const { buildKernels } = await import('./build-kernels.mjs')
buildKernels(root)
