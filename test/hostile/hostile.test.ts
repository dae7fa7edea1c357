/**
 * Programs that do to their own surroundings what real ones do: it works all the same. Each runs in
 * a process of its own.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** What the program prints. */
function printed(program: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      [file, ...args],
      { env, timeout: 120_000, maxBuffer: 2 ** 26 },
      (error, out, complaints) =>
        error ? reject(new Error(`${error.message}\n${out}\n${complaints}`)) : resolve(out),
    ),
  )
}

/**
 * What the program writes to a file. Where a reader is slow, Node itself loses what a program that
 * ends by `process.exit` has written to a pipe beyond some 170 lines.
 */
function writtenToFile(program: string, ...args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-hostile-'))
  const path = join(folder, 'out')
  const out = openSync(path, 'w')
  try {
    const file = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    execFileSync(process.execPath, [file, ...args], {
      env,
      timeout: 120_000,
      stdio: ['ignore', out, 'inherit'],
    })
    return readFileSync(path, 'utf8')
  } finally {
    closeSync(out)
    rmSync(folder, { recursive: true })
  }
}

for (const model of ['threads', 'processes', 'coroutines']) {
  test(`${model}: what was put on Object.prototype is not an option, neither of ours nor of Node’s`, async () => {
    const lines = ['42 execArgv', '42 eval', '42 env', '42 NODE_OPTIONS', '42 once']
    assert.deepEqual((await printed('polluted', model)).trimEnd().split('\n'), lines)
  })

  test(`${model}: what the platform gives may be frozen`, async () => {
    assert.deepEqual((await printed('frozen', model)).trimEnd().split('\n'), [
      'same [ 1, 2 ]',
      ...Array(3).fill('TypeError boom'),
      'RetryError retry failed 1 times; the last time: boom',
    ])
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

for (const model of ['threads', 'processes']) {
  test(`${model}: what a task printed is there before its answer`, async () => {
    const lines = [
      'line 0',
      'line 1',
      'line 2',
      'main has the result',
      'line 0',
      'line 0',
      'main has the results',
    ]
    assert.deepEqual((await printed('output', model, 'order')).trimEnd().split('\n'), lines)
  })

  test(`${model}: a program that ends itself after a call keeps what the call has printed`, () => {
    assert.equal(writtenToFile('output', model, 'exit').trimEnd().split('\n').length, 300)
  })

  test(`${model}: the last lines of a worker that is ended, or ends itself, are kept`, async () => {
    const steps = [0, 1, 2, 3, 4].map(n => `step ${n}`)
    assert.deepEqual((await printed('output', model, 'killed')).trimEnd().split('\n').sort(), [
      'TimeoutError',
      ...steps,
    ])
    assert.match(await printed('output', model, 'last'), /^the last line\nWorkerExitedError\n$/)
  })

  test(`${model}: whoever takes the output of workers gets it, and this program prints none of it`, async () => {
    const [out, complaints, worker] = JSON.parse(await printed('output', model, 'taken')) as string[]
    assert.equal(out, 'line 0\nline 1\nline 2\n')
    assert.match(complaints ?? '', /complaint 0/)
    assert.match(worker ?? '', /thread|process/)
  })

  test(`${model}: a flood comes whole, with back-pressure for whoever listens to his stream`, async () => {
    assert.equal((await printed('output', model, 'flood')).length, 6 * 2 ** 20)
  })
}
