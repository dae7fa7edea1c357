/** Programs that do to their own surroundings what real ones do: it works all the same. Each runs in a process of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** What the program prints. */
function printed(program: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise((resolve, reject) =>
    execFile(process.execPath, [file, ...args], { env, timeout: 120_000 }, (error, out, complaints) =>
      error ? reject(new Error(`${error.message}\n${out}\n${complaints}`)) : resolve(out),
    ),
  )
}

for (const model of ['threads', 'processes', 'coroutines']) {
  test(`${model}: what was put on Object.prototype is no option, neither of ours nor of Node’s`, async () => {
    const lines = ['42 execArgv', '42 eval', '42 env', '42 NODE_OPTIONS']
    assert.deepEqual((await printed('polluted', model)).trimEnd().split('\n'), lines)
  })

  test(`${model}: no hook and no frozen prototype of the program changes what a call comes to`, async () => {
    assert.deepEqual((await printed('hooks', model)).trimEnd().split('\n'), [
      'sites: TypeError boom',
      'number: TypeError boom',
      'throws: TypeError boom',
      'progress: told',
      'frozen: {"constructor":"Acme","valueOf":[1]}',
      'crashes: 0',
    ])
  })
}
