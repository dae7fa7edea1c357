// dist/ from src/ and gallery/: modules and declarations by the TypeScript compiler, the command line bundled.
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
const { bundleCli } = await import('./bundle-cli.mjs')
await bundleCli(root)
const { bundleGallery } = await import('./bundle-gallery.mjs')
await bundleGallery(root)
