/** What a worker must know to find a task. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionOf } from '../declared/module-version.ts'
import { InvalidTaskError } from '../errors.ts'
import { task } from '../task/task.ts'
import { addressOf } from './address.ts'

const source = new URL('./address.ts', import.meta.url).href

function meta(url: string): ImportMeta {
  return { url } as ImportMeta
}

test('an address is names and numbers: where the task is, what it is called, which state of the file', () => {
  const here = meta(source)
  task(here, () => {})
  const address = addressOf(task(here, function work() {}))
  assert.deepEqual(
    { ...address, digest: '' },
    { module: source, position: 1, name: 'work', version: versionOf(source), digest: '' },
  )
  assert.deepEqual(structuredClone(address), address)
})

test('a task’s digest tells its text from another', () => {
  const here = meta('test:digest')
  const one = addressOf(task(here, (n: number) => n + 1))
  const same = addressOf(task(here, (n: number) => n + 1))
  const other = addressOf(task(here, (n: number) => n + 2))
  assert.equal(one.digest, same.digest)
  assert.notEqual(one.digest, other.digest)
})

test('a task’s address is made once', () => {
  const work = task(meta('test:once'), () => {})
  assert.equal(addressOf(work), addressOf(work))
})

test('a task that is defined in a test file is refused, by the file’s name', () => {
  for (const file of ['a.test.ts', 'a.spec.js', 'a_test.mjs', 'a-test.cts', 'a.test.tsx']) {
    const work = task(meta(`file:///project/${file}`), function work() {})
    assert.throws(
      () => addressOf(work),
      (error: unknown) =>
        error instanceof InvalidTaskError &&
        error.message.startsWith(`Task work is defined in a test file (file:///project/${file})`),
      file,
    )
  }
  for (const file of ['test.ts', 'latest.ts', 'a.test.data.ts', 'a.tests.ts', 'test/a.ts', 'contest.js'])
    addressOf(task(meta(`file:///project/${file}`), () => {}))
})
