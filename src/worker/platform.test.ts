/** Where workers can't be started. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsupportedError } from '../errors.ts'
import { checkNode } from '../supported.ts'
import { checkPlatform } from './platform.ts'

const node = { isSingleExecutable: false, otherRuntime: undefined }

test('Node can start threads and processes', () => {
  checkPlatform('threads')
  checkPlatform('processes')
})

test('a single executable is told in one line that it can start neither', () => {
  for (const model of ['threads', 'processes'] as const)
    assert.throws(
      () => checkPlatform(model, { ...node, isSingleExecutable: true }),
      (error: unknown) =>
        error instanceof UnsupportedError &&
        error.message.startsWith(`${model}() can't start workers in a single executable`) &&
        !error.message.includes('\n'),
    )
})

test('Bun and Deno can start threads, and are told in one line to use them for processes', () => {
  for (const otherRuntime of ['Bun 1.4.0', 'Deno 2.9.0']) {
    checkPlatform('threads', { ...node, otherRuntime })
    assert.throws(() => checkPlatform('processes', { ...node, otherRuntime }), {
      code: 'ATONCE_UNSUPPORTED',
      message: new RegExp(`^processes\\(\\) needs Node; this is ${otherRuntime}\\. Use threads\\(\\)`),
    })
  }
})

test('a Node that is too old is told so in one line', () => {
  for (const version of ['22.18.0', '22.19.1', '24.0.0', '100.1.0']) checkNode({ node: version })
  for (const version of ['20.20.2', '22.17.9', '18.0.0'])
    assert.throws(() => checkNode({ node: version }), {
      message: `atonce needs Node 22.18 or later; this is Node ${version}.`,
    })
})
