// Everything that must hold before a change lands; `npm test` runs it. Stops at the first step that
// fails.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

const node = process.execPath
const steps = [
  ['format and lint', 'biome', ['check', '.']],
  ['dead files and exports', 'knip', ['--no-progress']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  [
    'tests',
    node,
    [
      '--test',
      // One more than cores: many tests wait for a program or a timer and leave their core idle.
      `--test-concurrency=${Math.min(3, availableParallelism() + 1)}`,
      'src/**/*.test.ts',
      'gallery/**/*.test.ts',
      'test/**/*.test.ts',
    ],
  ],
  ['faults, the short form', node, ['test/faults/main.ts', '--short']],
]

// The tests start hundreds of programs and workers from source. Node compiles each module once for
// all of them: that halves the CPU time of the tests that start programs.
const compiled = mkdtempSync(join(tmpdir(), 'atonce-compiled-'))
process.on('exit', () => rmSync(compiled, { recursive: true, force: true }))
const env = { ...process.env, NODE_COMPILE_CACHE: compiled }

for (const [name, command, args] of steps) {
  const startedMs = performance.now()
  console.log(`── ${name}`)
  const { status, error } = spawnSync(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(String(error))
  if (status !== 0) {
    console.error(
      `── ${name}: failed. Run it alone: ${[command === node ? 'npx node' : `npx ${command}`, ...args].join(' ')}`,
    )
    process.exit(1)
  }
  console.log(`── ${name}: ok, ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`)
}
