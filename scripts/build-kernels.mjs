// dist/kernels/*.wasm from kernels/*.ts, which are AssemblyScript: no toolchain beyond npm.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Compiles each kernel to a module that takes its memory, shared, from whoever runs it; `root` is
 * the checkout.
 */
export function buildKernels(root) {
  const folder = join(root, 'dist/kernels')
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(join(root, 'kernels')).filter(name => name.endsWith('.ts')))
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules/assemblyscript/bin/asc.js'),
        join('kernels', name),
        '--optimizeLevel=3',
        '--runtime=stub', // They allocate nothing.
        '--noAssert',
        '--importMemory',
        '--sharedMemory',
        '--initialMemory=1',
        '--maximumMemory=65536',
        '--enable=simd',
        '--enable=threads',
        `--outFile=${join('dist/kernels', name.replace(/\.ts$/, '.wasm'))}`,
      ],
      { cwd: root, stdio: 'inherit' },
    )
}
