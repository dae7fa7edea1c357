/** Node as it is, TypeScript compiled by its compiler, and the other runtimes. */
import { commonJs, compiler, esm } from '../program.ts'
import type { Row } from '../row.ts'

const group = 'Runtimes'
const tsc = 'tsc --target es2024 --lib es2024,esnext.disposable --types node --strict --skipLibCheck false'

export const runtimes: readonly Row[] = [
  ...['22.18.0', '24.21.0', '26.10.0'].map(
    (node): Row => ({
      tool: 'Node',
      how: `${node.split('.').slice(0, 2).join('.')}, TypeScript as it is`,
      group,
      tools: { node },
      files: esm,
      runs: ['node main.ts', 'node --enable-source-maps main.ts', 'node --preserve-symlinks main.ts'],
    }),
  ),
  {
    tool: 'TypeScript',
    how: 'tsc to ES modules',
    group,
    tools: compiler,
    files: esm,
    builds: [`${tsc} --module nodenext --rewriteRelativeImportExtensions --outDir built main.ts`],
    runs: ['node built/main.js'],
  },
  {
    tool: 'TypeScript',
    how: 'tsc to CommonJS',
    group,
    tools: compiler,
    files: commonJs,
    builds: [`${tsc} --module commonjs --moduleResolution bundler --outDir built main.ts`],
    runs: ['node built/main.js'],
    set: '`task(module, fn)`',
  },
  {
    tool: 'Bun',
    how: 'bun run',
    group,
    tools: { bun: '1.4.5' },
    files: esm,
    runs: ['bun run main.ts'],
    processesRefuse: 'ATONCE_UNSUPPORTED',
  },
  {
    tool: 'Deno',
    how: 'deno run -A',
    group,
    tools: { deno: '2.9.6' },
    files: esm,
    runs: ['deno run -A main.ts'],
    env: { DENO_NO_UPDATE_CHECK: '1' },
    processesRefuse: 'ATONCE_UNSUPPORTED',
  },
]
