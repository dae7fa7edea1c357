/** The command line of a worker process. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkPoolOptions, type PoolUserOptions } from '../pool/options.ts'
import { inheritedFlags, type LaunchOptions, launchOf } from './launch.ts'

function launch(options: PoolUserOptions = {}, more: Partial<LaunchOptions> = {}) {
  return launchOf('process 1', {
    ...checkPoolOptions('processes', options),
    permissions: undefined,
    ...more,
  })
}

test('a worker is this Node, and gets this program’s environment unless it is given one', () => {
  assert.equal(launch().command, process.execPath)
  assert.deepEqual({ ...launch().env }, { ...process.env })
  assert.deepEqual({ ...launch({ env: { ONLY: 'this' } }).env }, { ONLY: 'this' })
})

test('a worker with permissions gets no environment unless it is given one', () => {
  assert.deepEqual({ ...launch({}, { permissions: {} }).env }, {})
  assert.deepEqual({ ...launch({ env: { ONLY: 'this' } }, { permissions: {} }).env }, { ONLY: 'this' })
})

test('memory limits reach the command line, in V8’s own measures', () => {
  const { args } = launch({
    resourceLimits: { maxOldGenerationSizeMb: 100.9, maxYoungGenerationSizeMb: 16, stackSizeMb: 2 },
  })
  for (const flag of ['--max-old-space-size=100', '--max-semi-space-size=6', '--stack-size=2048'])
    assert.ok(args.includes(flag), flag)
  assert.ok(!launch().args.some(flag => /--(max-old-space|max-semi-space|stack)-size/.test(flag)))
})

test('permissions deny everything but atonce itself and what is listed', () => {
  const { args } = launch({}, { permissions: { read: ['/data', '*'], write: ['/tmp/out'] } })
  assert.ok(args.includes('--permission'))
  const reads = args.filter(flag => flag.startsWith('--allow-fs-read='))
  assert.ok(reads.includes('--allow-fs-read=/data') && reads.includes('--allow-fs-read=*'))
  const own = new URL('..', import.meta.url).pathname.replace(/\/$/, '')
  assert.ok(reads.some(flag => flag === `--allow-fs-read=${own}`))
  assert.deepEqual(
    args.filter(flag => flag.startsWith('--allow-fs-write=')),
    ['--allow-fs-write=/tmp/out'],
  )
  assert.ok(!args.includes('--allow-child-process'))
  assert.ok(launch({}, { permissions: { childProcess: true } }).args.includes('--allow-child-process'))
  assert.ok(!launch().args.includes('--permission'))
})

test('flags that say what to run, or that one process can have, are left to this one', () => {
  for (const [own, why] of [
    [['-e', 'code'], 'two words'],
    [['--eval=code'], 'one word'],
    [['-p', 'code'], 'two words'],
    [['--input-type=module', '--eval', 'code'], 'both'],
    [['--test', '--test-name-pattern', 'a b', '--test-reporter=spec'], 'the test runner’s'],
    [['--watch', '--watch-path', './src'], 'the watcher’s'],
    [['--inspect', '--inspect-brk=9230', '--inspect-port=0'], 'the debugger’s'],
    [['--cpu-prof-name=x', '--heap-prof-name', 'y', '--prof'], 'a profile’s name'],
    [['--interactive'], 'the prompt’s'],
  ] as const) {
    assert.deepEqual(inheritedFlags(own), [], why)
    assert.deepEqual(
      inheritedFlags(['--before', 'x', ...own, '--after=y']),
      ['--before', 'x', '--after=y'],
      why,
    )
  }
})

test('loaders, conditions and warnings are inherited, in their order', () => {
  const flags = [
    '--import',
    'tsx',
    '--require=./a.cjs',
    '-r',
    './b.cjs',
    '-C',
    'development',
    '--no-warnings',
  ]
  assert.deepEqual(inheritedFlags(flags), flags)
})

test('profiles of workers lie in the folder of the program’s own, wherever a task goes', () => {
  const here = process.cwd()
  assert.deepEqual(
    inheritedFlags(['--cpu-prof', '--cpu-prof-dir', 'x', '--heap-prof-dir=/y', '--cpu-prof-dir=z']),
    [
      '--cpu-prof',
      '--cpu-prof-dir',
      join(here, 'x'),
      '--heap-prof-dir=/y',
      `--cpu-prof-dir=${join(here, 'z')}`,
    ],
  )
})

test('what a launcher appends for its forks, its script and the script’s arguments, is left out', () => {
  const flags = ['--require', '/ts-node/require.js', '--loader', 'file:///ts-node/loader.mjs']
  assert.deepEqual(inheritedFlags([...flags, '/ts-node/entrypoint.js', '--config=1', 'x']), flags)
  assert.deepEqual(inheritedFlags(['--import=tsx', 'script.js', '--flag']), ['--import=tsx'])
})

test('a task’s forks are handed down no flag that is only for the worker', () => {
  const { args } = launch(
    { resourceLimits: { maxOldGenerationSizeMb: 64 } },
    { permissions: { read: ['/x'] } },
  )
  const [, flags = ''] = /process\.execArgv = (\[.*?\]);/.exec(args[args.indexOf('--eval') + 1] ?? '') ?? []
  const handedDown = JSON.parse(flags) as string[]
  assert.ok(handedDown.includes('--permission') && handedDown.includes('--allow-fs-read=/x'))
  assert.ok(!handedDown.some(flag => /^--(eval|input-type|inspect|max-old)/.test(flag)), flags)
})

test('no flag is invented, and none is moved', () => {
  const words = fc.constantFrom(
    '--import',
    'tsx',
    '-e',
    'code',
    '--test',
    '--no-warnings',
    '--a=b',
    '-C',
    'x',
  )
  fc.assert(
    fc.property(fc.array(words), (flags: string[]) => {
      let at = 0
      for (const kept of inheritedFlags(flags)) {
        at = flags.indexOf(kept, at) + 1
        assert.ok(at > 0)
      }
    }),
  )
})

test('Node takes the flags that a worker is started with', async () => {
  const { command, args } = launch(
    { resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 1 } },
    { permissions: { read: ['*'] } },
  )
  // The same flags, with another program in place of the worker’s.
  const flags = args.slice(0, args.indexOf('--eval'))
  const said = await new Promise<string>((resolve, reject) =>
    execFile(
      command,
      [...flags, '--eval', 'console.log(process.permission.has("fs.write"))'],
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    ),
  )
  assert.equal(said, 'false\n')
})
