/** The compile cache that a program has turned on is its workers', too. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./programs/compile-cache.ts', import.meta.url))

for (const model of ['threads', 'processes'])
  test(`what module.enableCompileCache has turned on holds in ${model}, and nothing does without it`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-cache-'))
    try {
      const { NODE_COMPILE_CACHE: _, ...env } = process.env
      const told = (...words: string[]) =>
        JSON.parse(spawnSync(process.execPath, [program, model, ...words], { env, encoding: 'utf8' }).stdout)
      const [own, workers] = told(folder)
      assert.ok(own.startsWith(folder))
      assert.equal(workers, own)
      assert.deepEqual(told(), [null, null])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
