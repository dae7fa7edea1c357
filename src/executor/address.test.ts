/** What a worker must know to find a task. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { versionOf } from '../declared/module-version.ts'
import { InvalidTaskError } from '../errors.ts'
import { type Task, task } from '../task/task.ts'
import { addressOf, calledAs } from './address.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-address-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'tasks.mjs')
writeFileSync(file, 'export const define = (task, fn) => task(import.meta, fn)')
const source = pathToFileURL(file).href
const { define } = (await import(source)) as { define<F extends Function>(make: typeof task, fn: F): Task<F> }

function meta(url: string): ImportMeta {
  return Object.assign(Object.create(null), { url })
}

test('an address is names and numbers: where the task is, what it is called, which state of the file', () => {
  define(task, () => {})
  const address = addressOf(define(task, function work() {}))
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

test('a task by another name is at the same address; there are at most 256 of them', () => {
  const work = task(meta('test:names'), (one: number, other: number) => one - other, { idempotent: true })
  const renamed = calledAs(work, 'subtract')
  assert.deepEqual([renamed.name, renamed(5, 3), renamed.idempotent], ['subtract', 2, true])
  assert.equal(addressOf(renamed), addressOf(work))
  assert.equal(calledAs(work, 'subtract'), renamed)
  for (let n = 1; n < 256; n += 1) assert.equal(calledAs(work, `name ${n}`).name, `name ${n}`)
  assert.equal(calledAs(work, 'one more'), work)
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
    addressOf(task(meta(`test:///project/${file}`), () => {}))
})

test('a task whose code runs from another file than its module is refused, with both files and the tool’s setting', () => {
  const work = task(meta(source), function work() {})
  assert.throws(
    () => addressOf(work),
    (error: unknown) => {
      assert.ok(error instanceof InvalidTaskError)
      assert.ok(error.message.includes(`names ${file} as its module`), error.message)
      assert.ok(error.message.includes(`runs from ${import.meta.filename}`), error.message)
      assert.match(error.message, /webpack.*importMeta: false[\s\S]*serverExternalPackages/)
      return true
    },
  )
})

test('a task that is defined by a helper in another file is of the module that called the helper', () => {
  assert.equal(addressOf(define(task, () => {})).module, source)
})
