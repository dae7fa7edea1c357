/** Tasks: what `task()` takes, and where a task is found again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { versionOf } from '../declared/module-version.ts'
import { InvalidTaskError } from '../errors.ts'
import { lookup } from './registry.ts'
import { assertTask, isTask, type Task, task } from './task.ts'

let modules = 0
/**
 * A module of its own for each test; no file lies behind it. Without a prototype, as `import.meta`
 * is.
 */
function meta(url = `test:module-${++modules}`): ImportMeta {
  return Object.assign(Object.create(null), { url })
}

function refused(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    assert.ok(error instanceof InvalidTaskError)
    assert.equal(error.code, 'ATONCE_INVALID_TASK')
    return error.message
  }
  assert.fail('It was not refused.')
}

test('a task is the function itself, with an address', () => {
  const add = (a: number, b: number): number => a + b
  const here = meta()
  const made = task(here, add)
  assert.equal(made, add)
  assert.equal(made(1, 2), 3)
  assert.deepEqual([made.module, made.position], [here.url, 0])
  assert.deepEqual(Object.keys(made), [])
})

test('tasks of one module are numbered in the order of their definition, whatever other modules do', () => {
  const [one, other] = [meta(), meta()]
  const made = [one, other, one, one, other].map(module => task(module, () => {}))
  assert.deepEqual(
    made.map(({ position }) => position),
    [0, 0, 1, 2, 1],
  )
  assert.deepEqual(lookup(one.url)?.tasks, [made[0], made[2], made[3]])
})

test('a module that is evaluated anew starts again from 0, and is found by its newest functions', () => {
  const url = meta().url
  const before = [task(meta(url), () => 'old')]
  const anew = meta(url)
  const after = [task(anew, () => 'new'), task(anew, () => 'newer')]
  assert.deepEqual(
    [...before, ...after].map(({ position }) => position),
    [0, 0, 1],
  )
  assert.deepEqual(
    lookup(url)?.tasks.map(fn => fn()),
    ['new', 'newer'],
  )
})

test('tasks of one module are numbered on where a bundler has written out each import.meta as an object', () => {
  const { url } = meta()
  const written = () => ({ url }) as ImportMeta
  const made = [task(written(), () => {}), task(written(), () => {})]
  assert.deepEqual(
    made.map(({ position }) => position),
    [0, 1],
  )
})

test('a module named like something on every object is only a name', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    assert.equal(lookup(name), undefined)
    const made = task(meta(name), () => name)
    assert.equal(lookup(name)?.tasks[0], made)
  }
})

test('a file’s state is noted with its first task, whatever is asked of the module', () => {
  const known = versionOf(import.meta.url)
  assert.ok(known !== undefined && known.sizeBytes > 0 && known.mtimeMs > 0)
  assert.deepEqual(versionOf(`${import.meta.url}?v=1#part`), known)
  for (const none of ['file:///no/such/file.ts', 'data:text/javascript,1', 'https://example.com/a.js', 'x'])
    assert.equal(versionOf(none), undefined)
})

test('what has no module URL is refused, with the way out of CommonJS', () => {
  for (const given of [undefined, null, {}, { url: 5 }]) {
    const message = refused(() => task(given as unknown as ImportMeta, function work() {}))
    assert.match(message, /^task\(import\.meta, work\) got no module URL/)
    assert.match(message, /CommonJS[\s\S]*task\(module, work\)[\s\S]*esbuild --format=esm/)
  }
})

test('a path of a file names its module as the URL does, as __filename in a bundle of CommonJS', () => {
  const made = task(fileURLToPath('file:///no/such%20folder/tasks.cjs'), function work() {})
  assert.equal(made.module, 'file:///no/such%20folder/tasks.cjs')
  const message = refused(() => task('./tasks.cjs', function work() {}))
  assert.match(message, /it got the text "\.\/tasks\.cjs", which is not a URL[\s\S]*task\(__filename, work\)/)
})

test('the module that a bundler makes is refused with what to write there', () => {
  const message = refused(() => task({ exports: {}, id: 531 } as unknown as ImportMeta, function work() {}))
  assert.match(
    message,
    /it got a bundler's own module[\s\S]*task\(__filename, work\) +in CommonJS that webpack/,
  )
})

test('what is not a function is refused by what it is', () => {
  for (const [given, shown] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [5, 'a number'],
    ['fn', 'a string'],
    [{}, 'an object'],
    [Symbol('s'), 'a symbol'],
  ] as const) {
    const message = refused(() => task(meta(), given as unknown as () => void))
    assert.equal(message, `task(import.meta, fn) takes a function; it got ${shown}.`)
  }
})

test('a function can be a task once; the message shows how to wrap it', () => {
  const work = task(meta('test:first'), function work() {})
  const message = refused(() => task(meta(), work))
  assert.match(
    message,
    /^work is a task already, of test:first\..*task\(import\.meta, \(…args\) => work\(…args\)\)/,
  )
})

test('a frozen function is refused before it takes a position', () => {
  const here = meta()
  const message = refused(() =>
    task(
      here,
      Object.freeze(function cold() {}),
    ),
  )
  assert.match(message, /^cold is frozen/)
  assert.equal(task(here, () => {}).position, 0)
})

test('the address can’t be changed afterwards', () => {
  const made = task(meta(), () => {}) as { module: string }
  assert.throws(() => {
    made.module = 'test:elsewhere'
  }, TypeError)
})

test('a task of another copy of atonce is a task', async () => {
  const copy = './task.ts?another-copy'
  const other = (await import(copy)) as typeof import('./task.ts')
  assert.notEqual(other.task, task)
  const here = meta()
  const theirs = other.task(here, () => 'theirs')
  const ours = task(here, () => 'ours')
  assert.ok(isTask(theirs) && other.isTask(ours))
  assert.deepEqual([theirs.position, ours.position], [0, 1])
  assert.deepEqual(lookup(here.url)?.tasks, [theirs, ours])
})

test('nothing but a task is one', () => {
  for (const other of [() => {}, { module: 'x', position: 0 }, null, undefined, 'x', 5])
    assert.equal(isTask(other), false)
  const lookalike = Object.assign(() => {}, { module: 'x', position: 0 })
  assert.equal(isTask(lookalike), false)
})

test('the line that makes a function a task runs as it is printed', () => {
  const [line = ''] = refused(() => assertTask(function resize() {})).match(/export const .*/) ?? []
  const module = line.replace('export const', 'function resize() {}\nconst').replace('import.meta', 'meta')
  assert.ok(isTask(new Function('task', 'meta', `${module}\nreturn resizeTask`)(task, meta())))
})

test('a plain function is refused with the line that makes it a task', () => {
  assert.match(
    refused(() => assertTask(function resize() {})),
    /^resize is a plain function.*\n.*\n.*export const resizeTask = task\(import\.meta, resize\)$/s,
  )
  assert.match(
    refused(() => assertTask(() => {})),
    /^\(anonymous\) is a plain function.*export const work = task\(import\.meta, function work/s,
  )
  assert.match(
    refused(() => assertTask(function resize() {}.bind(undefined))),
    /^bound resize is a plain function.*export const work = task\(import\.meta, function work/s,
  )
  assert.match(
    refused(() => assertTask('resize')),
    /^An executor runs a task; it got a string\. Make one: /,
  )
  assertTask(task(meta(), () => {}) satisfies Task)
})
