/** Programs that run TypeScript by compiling each module as it is imported. */
import { commonJs, esm } from '../program.ts'
import type { Row } from '../row.ts'

const group = 'TypeScript loaders'
const tsx = { tsx: '4.23.15' }
const tsNode = { 'ts-node': '10.9.2', typescript: '5.9.3', '@types/node': '24.0.0' }
const swcNode = { '@swc-node/register': '1.12.1', '@swc/core': '1.16.22', typescript: '5.9.3' }

const tsconfig = JSON.stringify({
  compilerOptions: {
    target: 'es2023',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  },
  'ts-node': { transpileOnly: true },
})
const commonJsConfig = JSON.stringify({
  compilerOptions: { target: 'es2023', module: 'commonjs', esModuleInterop: true, skipLibCheck: true },
  'ts-node': { transpileOnly: true },
})

export const loaders: readonly Row[] = [
  ...['module', 'commonjs', undefined].map(
    (type): Row => ({
      tool: 'tsx',
      how: type === undefined ? 'in a package without a type' : `in a package of type ${type}`,
      group,
      tools: tsx,
      files: { ...esm, 'package.json': JSON.stringify({ name: 'user', type }) },
      runs: ['tsx main.ts', 'node --import tsx main.ts'],
    }),
  ),
  {
    tool: 'ts-node',
    how: 'ES modules, by --loader and by register()',
    group,
    tools: tsNode,
    files: {
      ...esm,
      'tsconfig.json': tsconfig,
      'register.mjs': "import { register } from 'node:module'\nregister('ts-node/esm', import.meta.url)\n",
    },
    runs: ['node --loader ts-node/esm main.ts', 'node --import ./register.mjs main.ts'],
  },
  {
    tool: 'ts-node',
    how: 'CommonJS',
    group,
    tools: tsNode,
    files: { ...commonJs, 'tsconfig.json': commonJsConfig },
    runs: ['node -r ts-node/register main.ts'],
    set: '`task(module, fn)`; started by `node -r`, which workers inherit',
  },
  {
    tool: 'swc-node',
    how: 'esm-register',
    group,
    tools: swcNode,
    files: { ...esm, 'tsconfig.json': tsconfig },
    runs: ['node --import @swc-node/register/esm-register main.ts'],
  },
  {
    tool: 'swc-node',
    how: 'CommonJS',
    group,
    tools: swcNode,
    files: { ...commonJs, 'tsconfig.json': commonJsConfig },
    runs: ['node -r @swc-node/register main.ts'],
    set: '`task(module, fn)`',
  },
]
