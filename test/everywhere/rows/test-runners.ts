/** Test runners: the tasks stand in modules that are not test files. */
import { commonJs, esm, surveyTest } from '../program.ts'
import type { Row } from '../row.ts'

const group = 'Test runners'
const jest = {
  jest: '30.5.2',
  '@swc/jest': '0.2.39',
  '@swc/core': '1.16.22',
  '@swc-node/register': '1.12.1',
  typescript: '5.9.3',
}

function jestConfig(type: 'es6' | 'commonjs'): string {
  const transform = {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type } },
    ],
  }
  const esm = type === 'es6' ? { extensionsToTreatAsEsm: ['.ts'] } : {}
  return JSON.stringify({ testEnvironment: 'node', testMatch: ['**/*.test.ts'], transform, ...esm })
}

export const testRunners: readonly Row[] = [
  ...['process', 'none'].map(
    (isolation): Row => ({
      tool: 'node:test',
      how: `isolation ${isolation}`,
      group,
      tools: { node: '24.21.0' },
      files: { ...esm, 'survey.test.ts': `import { test } from 'node:test'\n${surveyTest}` },
      runs: [`node --test --test-isolation=${isolation} --test-reporter=tap survey.test.ts`],
    }),
  ),
  ...['threads', 'forks', 'vmThreads', 'vmForks'].map(
    (pool): Row => ({
      tool: 'Vitest',
      how: `pool ${pool}`,
      group,
      tools: { vitest: '5.1.2', vite: '8.4.0' },
      files: { ...esm, 'survey.test.ts': `import { test } from 'vitest'\n${surveyTest}` },
      runs: [`vitest run --pool=${pool} --no-cache --testTimeout=60000`],
    }),
  ),
  {
    tool: 'Jest',
    how: 'ES modules (@swc/jest)',
    group,
    tools: jest,
    files: { ...esm, 'survey.test.ts': surveyTest, 'jest.config.json': jestConfig('es6') },
    runs: ['node --experimental-vm-modules node_modules/jest/bin/jest.js --no-cache --testTimeout=60000'],
    set: '`--experimental-vm-modules`',
  },
  {
    tool: 'Jest',
    how: 'CommonJS (@swc/jest)',
    group,
    tools: jest,
    files: {
      ...commonJs,
      'survey.test.ts': surveyTest.replace('.ts', ''),
      'jest.config.json': jestConfig('commonjs'),
    },
    runs: ['jest --no-cache --testTimeout=60000'],
    env: { NODE_OPTIONS: '--experimental-vm-modules --require @swc-node/register' },
    set: '`task(module, fn)`, `NODE_OPTIONS="--experimental-vm-modules --require @swc-node/register"`',
  },
  {
    tool: 'mocha',
    how: 'TypeScript as it is, also --parallel',
    group,
    tools: { mocha: '12.0.3' },
    files: { ...esm, 'survey.test.ts': surveyTest.replace(/^test\(/m, 'it(') },
    runs: ['mocha --timeout 60000 survey.test.ts', 'mocha --timeout 60000 --parallel survey.test.ts'],
  },
  {
    tool: 'AVA',
    how: 'with and without worker threads',
    group,
    tools: { ava: '7.0.0' },
    files: {
      ...esm,
      'ava.config.js': "export default { extensions: { ts: 'module' } }\n",
      'survey.test.ts': `import test from 'ava'\n${surveyTest.replace('print(await survey())', '{ print(await survey()); t.pass() }').replace('async ()', 'async t')}`,
    },
    runs: ['ava --timeout=60s', 'ava --timeout=60s --no-worker-threads'],
  },
]
