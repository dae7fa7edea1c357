/** Errors as the caller gets them. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { TimeoutError } from '../errors.ts'
import { type Task, task } from '../task/task.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import type { Job } from './backend.ts'
import { callerError, captureCaller, learnClasses, withCaller } from './caller.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-caller-'))
after(() => rmSync(folder, { recursive: true }))

/** A module of tasks, as a user writes it. */
async function moduleOf(
  name: string,
  body: string,
): Promise<{ work: Task; Broke?: new (m: string) => Error }> {
  const file = join(folder, `${name}.mjs`)
  const taskUrl = new URL('../task/task.ts', import.meta.url).href
  writeFileSync(file, `import { task } from ${JSON.stringify(taskUrl)}\n${body}`)
  return import(pathToFileURL(file).href)
}

function jobOf(work: Task, caller: Job['caller'] = {}): Job {
  return {
    task: work,
    args: [],
    priority: 0,
    caller,
    started() {},
    progressed() {},
    settled() {},
  }
}

function wire(error: unknown): WireFailure {
  return structuredClone(encodeFailure(error, new PlainEncoding()))
}

const plain: Task = task({ url: 'test:caller' } as ImportMeta, function plain() {})

test('the far stack comes first, then the caller’s own frames, without those of atonce', () => {
  function run(): Job['caller'] {
    return captureCaller(plain, run)
  }
  function main(): Job['caller'] {
    return run()
  }
  const far = new TypeError('far')
  far.stack = 'TypeError: far\n    at task (far.ts:1:1)'
  const { stack = '' } = callerError(wire(far), jobOf(plain, main()))
  const [head, frame, line, first] = stack.split('\n')
  assert.deepEqual(
    [head, frame, line],
    ['TypeError: far', '    at task (far.ts:1:1)', '    ── called from ──'],
  )
  assert.match(first ?? '', /at main .*caller\.test\.ts/)
  assert.ok(!stack.includes('at run '))
})

test('without a caller the far stack stands alone', () => {
  const far = new Error('far')
  assert.equal(callerError(wire(far), undefined).stack, far.stack)
  assert.equal(callerError(wire(far), jobOf(plain)).stack, far.stack)
})

test('a class that the task’s module exports is learnt, and found for every later error', async () => {
  const found = await moduleOf(
    'exporting',
    `export class Broke extends RangeError {}
     export const work = task(import.meta, () => {})`,
  )
  const Broke = found.Broke as new (message: string) => Error
  const failure = wire(new AggregateError([new Broke('inside')]))
  const learning = learnClasses([wire(new Error('known')), failure], jobOf(found.work))
  assert.ok(learning instanceof Promise)
  await learning
  const error = callerError(failure, jobOf(found.work)) as AggregateError
  assert.equal(error.errors[0].constructor, Broke)
  assert.equal(learnClasses([failure], jobOf(found.work)), undefined, 'asked for once')
})

test('where every class is known nothing is imported, though errors lead in circles', async () => {
  const found = await moduleOf('silent', `export const work = task(import.meta, () => {})`)
  const round = new Error('round')
  round.cause = new AggregateError([round, round], 'all', { cause: round })
  assert.equal(learnClasses([wire(round), wire('text')], jobOf(found.work)), undefined)
})

test('learning ends, though the module can’t be imported or never ends its evaluation', async () => {
  class Unknown extends Error {}
  const gone = 'file:///no/such/module.mjs'
  const endless = pathToFileURL(join(folder, 'endless.mjs')).href
  writeFileSync(new URL(endless), 'await new Promise(() => {})')
  for (const url of [gone, endless]) {
    const job = jobOf(task({ url } as ImportMeta, () => {}))
    await learnClasses([wire(new Unknown('x'))], job)
    assert.equal(callerError(wire(new Unknown('x')), job).message, 'x')
  }
})

test('a module that a test runner or a development server has evaluated is not evaluated again', () => {
  class Unknown extends Error {}
  for (const more of [{ env: {} }, { hot: {} }, { vitest: {} }]) {
    const work = task({ url: `file:///${Object.keys(more)}.mjs`, ...more } as unknown as ImportMeta, () => {})
    assert.equal(learnClasses([wire(new Unknown('x'))], jobOf(work)), undefined)
  }
})

test('an export that is not a class, or inherited by every object, is not a class of an error', async () => {
  const found = await moduleOf(
    'misleading',
    `export const Broke = 'text'
     export const work = task(import.meta, () => {})`,
  )
  class Broke extends TypeError {}
  Object.defineProperty(Broke, 'name', { value: 'constructor' })
  await learnClasses([wire(new Broke('x'))], jobOf(found.work))
  assert.equal(callerError(wire(new Broke('x')), jobOf(found.work)).constructor, TypeError)
})

test('a hook that makes something else of stacks leaves the error as it is, with what can be told of the caller', () => {
  const before = Error.prepareStackTrace
  const hooks = [(_: Error, sites: unknown) => sites, () => assert.fail('a broken hook'), () => 5]
  try {
    for (const hook of hooks) {
      Error.prepareStackTrace = hook as never
      const run = (): Job['caller'] => captureCaller(plain, run)
      const error = callerError(wire(new TypeError('far')), jobOf(plain, run()))
      assert.deepEqual([error.name, error.message], ['TypeError', 'far'])
      if (hook === hooks[0]) assert.match(error.stack ?? '', /── called from.*\n {4}at .*caller\.test\.ts/)
    }
  } finally {
    Error.prepareStackTrace = before as never
  }
})

test('a hook that comes after the call changes nothing of the executor’s own error but its stack', () => {
  const before = Error.prepareStackTrace
  const run = (): Job['caller'] => captureCaller(plain, run)
  const caller = run()
  assert.match(caller.stack ?? '', /caller\.test\.ts/)
  try {
    Error.prepareStackTrace = (() => 5) as never
    const error = withCaller(new TimeoutError('late', 1), caller)
    assert.equal(error.message, 'late')
    assert.match(error.stack ?? '', /^TimeoutError: late\n.*── called from.*\n {4}at .*caller\.test\.ts/)
  } finally {
    Error.prepareStackTrace = before as never
  }
})

test('all that fails while the classes of a module are being learnt waits for them', async () => {
  const { work, Broke } = await moduleOf(
    'together',
    'export class Broke extends Error {}\nexport const work = task(import.meta, function work() {})',
  )
  class Stranger extends Error {}
  Object.defineProperty(Stranger, 'name', { value: 'Broke' })
  const failure = encodeFailure(new Stranger('far'), new PlainEncoding())
  const job = jobOf(work)
  const [first, second] = [learnClasses([failure], job), learnClasses([failure], job)]
  assert.ok(first !== undefined && second !== undefined)
  await second
  assert.ok(callerError(failure, job) instanceof (Broke as new () => Error))
  await first
  assert.equal(learnClasses([failure], job), undefined, 'once they are known, nobody waits')
})
