/**
 * Bundlers: the program, the tasks and atonce in one file or in chunks, as a user would build a
 * server.
 */
import { asPackage, buildPackage, commonJs, compiler, esm } from '../program.ts'
import type { Row } from '../row.ts'

const group = 'Bundlers'
const built = 'out'
const typescript = { typescript: '5.9.3' }

/** For a tool that knows no expression but this one. */
const byUrl = {
  ...esm,
  'tasks.ts': (esm['tasks.ts'] ?? '').replaceAll('task(import.meta,', 'task(import.meta.url,'),
}

/** For a bundler that makes a `module` of its own. */
const byFilename = {
  ...commonJs,
  'tasks.ts': (commonJs['tasks.ts'] ?? '').replaceAll('task(module,', 'task(__filename,'),
}

const tsupConfig = "export default { noExternal: ['atonce'] }\n"

const webpackLike = (name: string, loader: string, more: string) => `
import { fileURLToPath } from 'node:url'
const base = minimize => ({
  mode: 'production',
  target: 'node22',
  entry: './main.ts',
  devtool: false,
  context: fileURLToPath(new URL('.', import.meta.url)),
  resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.ts': ['.ts'] } },
  module: {
    rules: [{ test: /\\.ts$/, ${loader} }],${more.includes('importMeta') ? '\n    parser: { javascript: { importMeta: false } },' : ''}
  },
  optimization: { minimize },
  output: {
    path: fileURLToPath(new URL('out', import.meta.url)),
    filename: minimize ? 'min.${more.includes('importMeta') ? 'mjs' : 'cjs'}' : 'plain.${more.includes('importMeta') ? 'mjs' : 'cjs'}',
    ${more.includes('importMeta') ? "module: true,\n    library: { type: 'module' }," : "library: { type: 'commonjs2' },"}
  },${more.includes('importMeta') ? '\n  experiments: { outputModule: true },' : ''}
})
export default [base(false), base(true)] // ${name}
`

export const bundlers: readonly Row[] = [
  {
    tool: 'esbuild',
    how: 'ES module',
    group,
    tools: { esbuild: '0.28.2' },
    files: esm,
    builds: [
      'esbuild main.ts --bundle --platform=node --format=esm --outfile=out/plain.mjs',
      'esbuild main.ts --bundle --platform=node --format=esm --minify --outfile=out/min.mjs',
      'esbuild main.ts --bundle --platform=node --format=esm --splitting --minify --outdir=out/chunks --out-extension:.js=.mjs',
    ],
    built,
    runs: ['node plain.mjs', 'node min.mjs', 'node chunks/main.mjs'],
  },
  {
    tool: 'esbuild',
    how: 'ES module, atonce outside of it',
    group,
    tools: { esbuild: '0.28.2' },
    files: esm,
    builds: [
      'esbuild main.ts --bundle --platform=node --format=esm --packages=external --outfile=out/plain.mjs',
      'esbuild main.ts --bundle --platform=node --format=esm --packages=external --minify --outfile=out/min.mjs',
    ],
    built,
    external: ['atonce'],
    runs: ['node plain.mjs', 'node min.mjs'],
  },
  {
    tool: 'esbuild',
    how: 'CommonJS',
    group,
    tools: { esbuild: '0.28.2' },
    files: commonJs,
    builds: [
      'esbuild main.ts --bundle --platform=node --format=cjs --outfile=out/plain.cjs',
      'esbuild main.ts --bundle --platform=node --format=cjs --minify --outfile=out/min.cjs',
    ],
    built,
    runs: ['node plain.cjs', 'node min.cjs'],
    set: '`task(module, fn)`',
  },
  {
    tool: 'Rollup',
    how: 'ES module',
    group,
    tools: rollupTools(),
    files: { ...esm, 'rollup.config.mjs': rollupConfig('es') },
    builds: ['rollup -c rollup.config.mjs'],
    built,
    runs: ['node plain.mjs', 'node min.mjs'],
  },
  {
    tool: 'Rollup',
    how: 'CommonJS',
    group,
    tools: rollupTools(),
    files: { ...esm, 'rollup.config.mjs': rollupConfig('cjs') },
    builds: ['rollup -c rollup.config.mjs'],
    built,
    runs: ['node plain.cjs', 'node min.cjs'],
  },
  {
    tool: 'Rolldown',
    how: 'ES module',
    group,
    tools: { rolldown: '1.3.3' },
    files: esm,
    builds: [
      'rolldown main.ts --platform node --format esm --file out/plain.mjs',
      'rolldown main.ts --platform node --format esm --minify --file out/min.mjs',
    ],
    built,
    runs: ['node plain.mjs', 'node min.mjs'],
  },
  {
    tool: 'Rolldown',
    how: 'CommonJS',
    group,
    tools: { rolldown: '1.3.3' },
    files: commonJs,
    builds: [
      'rolldown main.ts --platform node --format cjs --file out/plain.cjs',
      'rolldown main.ts --platform node --format cjs --minify --file out/min.cjs',
    ],
    built,
    runs: ['node plain.cjs', 'node min.cjs'],
    set: '`task(module, fn)`',
  },
  {
    tool: 'tsup',
    how: 'ES module',
    group,
    tools: { tsup: '9.0.0', ...typescript },
    files: { ...esm, 'tsup.config.mjs': tsupConfig },
    builds: [
      'tsup main.ts --format esm --outDir out/plain',
      'tsup main.ts --format esm --minify --outDir out/min',
    ],
    built,
    runs: ['node plain/main.js', 'node min/main.js'],
  },
  {
    tool: 'tsup',
    how: 'CommonJS with --shims',
    group,
    tools: { tsup: '9.0.0', ...typescript },
    files: { ...byUrl, 'tsup.config.mjs': tsupConfig },
    builds: [
      'tsup main.ts --format cjs --shims --outDir out/plain',
      'tsup main.ts --format cjs --shims --minify --outDir out/min',
    ],
    built,
    runs: ['node plain/main.cjs', 'node min/main.cjs'],
    set: '`task(import.meta.url, fn)`',
  },
  {
    tool: 'tsdown',
    how: 'ES module',
    group,
    tools: { tsdown: '0.23.7', ...typescript },
    files: esm,
    builds: [
      'tsdown main.ts --format esm --platform node --no-dts --deps.always-bundle atonce --out-dir out/plain',
      'tsdown main.ts --format esm --platform node --no-dts --deps.always-bundle atonce --minify --out-dir out/min',
    ],
    built,
    runs: ['node plain/main.mjs', 'node min/main.mjs'],
  },
  {
    tool: 'tsdown',
    how: 'CommonJS',
    group,
    tools: { tsdown: '0.23.7', ...typescript },
    files: commonJs,
    builds: [
      'tsdown main.ts --format cjs --platform node --no-dts --deps.always-bundle atonce --out-dir out/plain',
    ],
    built,
    runs: ['node plain/main.cjs'],
    set: '`task(module, fn)`',
  },
  {
    tool: 'webpack',
    how: 'ES module',
    group,
    tools: webpackTools(),
    files: {
      ...esm,
      'webpack.config.mjs': webpackLike(
        'webpack',
        "loader: 'swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }",
        'importMeta',
      ),
    },
    builds: ['webpack'],
    built,
    runs: ['node plain.mjs', 'node min.mjs'],
    set: '`importMeta: false`, an ES module as output',
  },
  {
    tool: 'webpack',
    how: 'CommonJS',
    group,
    tools: webpackTools(),
    files: {
      ...byFilename,
      'webpack.config.mjs': webpackLike(
        'webpack',
        "loader: 'swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }",
        '',
      ),
    },
    builds: ['webpack'],
    built,
    runs: ['node plain.cjs', 'node min.cjs'],
    set: '`task(__filename, fn)`',
  },
  {
    tool: 'Rspack',
    how: 'ES module',
    group,
    tools: { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8' },
    files: {
      ...esm,
      'rspack.config.mjs': webpackLike(
        'rspack',
        "loader: 'builtin:swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }, type: 'javascript/auto'",
        'importMeta',
      ),
    },
    builds: ['rspack build'],
    built,
    runs: ['node plain.mjs', 'node min.mjs'],
    set: '`importMeta: false`, an ES module as output',
  },
  {
    tool: 'Rspack',
    how: 'CommonJS',
    group,
    tools: { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8' },
    files: {
      ...byFilename,
      'rspack.config.mjs': webpackLike(
        'rspack',
        "loader: 'builtin:swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }, type: 'javascript/auto'",
        '',
      ),
    },
    builds: ['rspack build'],
    built,
    runs: ['node plain.cjs', 'node min.cjs'],
    set: '`task(__filename, fn)`',
  },
  {
    tool: 'ncc',
    how: 'ES module',
    group,
    tools: { '@vercel/ncc': '0.45.0', ...typescript },
    files: { ...esm, 'tsconfig.json': nccConfig() },
    builds: [
      'ncc build main.ts --transpile-only -o out/plain',
      'ncc build main.ts --transpile-only -m -o out/min',
    ],
    built,
    runs: ['node plain/index.js', 'node min/index.js'],
  },
  {
    tool: 'Parcel',
    how: 'ES module',
    group,
    tools: { parcel: '2.16.4', ...compiler },
    files: {
      ...asPackage,
      'package.json': JSON.stringify({
        name: 'user',
        type: 'module',
        source: 'main.js',
        module: 'out/main.mjs',
        dependencies: { atonce: '*', 'user-tasks': '1.0.0' },
        targets: {
          module: { context: 'node', outputFormat: 'esmodule', engines: { node: '>=22' } },
        },
      }),
      'main.js': "import { print, survey } from 'user-tasks'\nsurvey().then(print)\n",
    },
    builds: [buildPackage, 'parcel build --no-cache --no-source-maps'],
    built,
    external: ['atonce', 'user-tasks'],
    runs: ['node main.mjs'],
    set: 'the tasks in a package of their own',
  },
  {
    tool: 'Vite',
    how: 'build --ssr',
    group,
    tools: { vite: '8.4.0' },
    files: { ...esm, 'vite.config.js': "export default { ssr: { noExternal: ['atonce'] } }\n" },
    builds: [
      'vite build --ssr main.ts --outDir out/plain',
      'vite build --ssr main.ts --minify --outDir out/min',
    ],
    built,
    runs: ['node plain/main.js', 'node min/main.js'],
  },
  {
    tool: 'Bun',
    how: 'build --target node',
    group,
    tools: { bun: '1.4.5' },
    files: esm,
    builds: [
      'bun build main.ts --target node --outfile out/plain.mjs',
      'bun build main.ts --target node --minify --outfile out/min.mjs',
    ],
    built,
    runs: ['node plain.mjs', 'node min.mjs'],
  },
]

function rollupTools(): Record<string, string> {
  return {
    rollup: '4.68.8',
    '@rollup/plugin-node-resolve': '16.0.3',
    '@rollup/plugin-swc': '0.4.1',
    '@rollup/plugin-terser': '1.0.2',
    '@swc/core': '1.16.22',
  }
}

function rollupConfig(format: 'es' | 'cjs'): string {
  const end = format === 'es' ? 'mjs' : 'cjs'
  return `
import resolve from '@rollup/plugin-node-resolve'
import swc from '@rollup/plugin-swc'
import terser from '@rollup/plugin-terser'
export default {
  input: 'main.ts',
  plugins: [resolve(), swc({ swc: { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } } })],
  output: [
    { file: 'out/plain.${end}', format: '${format}', inlineDynamicImports: true },
    { file: 'out/min.${end}', format: '${format}', inlineDynamicImports: true, plugins: [terser()] },
  ],
}
`
}

function webpackTools(): Record<string, string> {
  return { webpack: '5.113.0', 'webpack-cli': '7.3.1', 'swc-loader': '0.2.7', '@swc/core': '1.16.22' }
}

function nccConfig(): string {
  return JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      module: 'esnext',
      moduleResolution: 'bundler',
      allowImportingTsExtensions: true,
      noEmit: false,
      rewriteRelativeImportExtensions: true,
    },
  })
}
