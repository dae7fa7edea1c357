import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { checkOptions, meantBy, optionNames, shown } from '../src/checks.ts'
import { OptionError } from '../src/errors.ts'

interface Options {
  readonly workers?: number
  readonly idleMs?: number
  readonly timeoutMs?: number
}

const names = optionNames<Options>({ workers: true, idleMs: true, timeoutMs: true })
test('a value is shown as code has it: texts in quotes, nothing that would break a line', () => {
  assert.deepEqual(
    ['fast', '5', `it's "5"`, 'a\nb', '', 5, 5n, null, undefined, [1], {}, () => {}, checkOptions].map(shown),
    [
      ...["'fast'", "'5'", `'it\\'s "5"'`, "'a\\nb'", "''", '5', '5n', 'null', 'undefined'],
      ...['an array', 'an object', 'a function', 'the function checkOptions'],
    ],
  )
  assert.ok(shown('x'.repeat(1_000)).length < 100)
})

test('an option that does not exist is refused, with the one that was meant', () => {
  for (const [typed, meant] of [
    ['idelMs', 'idleMs'], // Two letters swapped.
    ['idlems', 'idleMs'],
    ['worker', 'workers'],
    ['wrokers', 'workers'],
    ['timeout', 'timeoutMs'],
    ['maxThreads', 'workers'], // piscina
    ['maxWorkers', 'workers'], // workerpool
    ['idleTimeout', 'idleMs'],
  ] as const)
    assert.throws(
      () => checkOptions('make(…)', { [typed]: 1 } as Options, names),
      (error: unknown) =>
        error instanceof OptionError &&
        error.message ===
          `make(…) has no option ${typed}. Did you mean ${meant}? Its options: workers, idleMs, timeoutMs.`,
    )
})

test('no option is proposed for a word that is far from all', () => {
  assert.equal(meantBy('trackUnmanagedFds', Object.keys(names)), undefined)
  assert.throws(() => checkOptions('make(…)', { env: {} } as Options, names), {
    message: 'make(…) has no option env. Its options: workers, idleMs, timeoutMs.',
  })
})

test('one slip in a name never hides what was meant', () => {
  const slip = fc.tuple(fc.constantFrom(...Object.keys(names)), fc.nat(), fc.constantFrom(0, 1, 2, 3))
  fc.assert(
    fc.property(slip, ([name, at, kind]) => {
      const i = at % (name.length - 1)
      const [head, one, other, tail] = [name.slice(0, i), name[i], name[i + 1], name.slice(i + 2)]
      const typed = [
        `${head}${other}${one}${tail}`, // Swapped.
        `${head}${other}${tail}`, // Left out.
        `${head}${one}x${other}${tail}`, // Added.
        `${head}x${other}${tail}`, // Mistaken.
      ][kind] as string
      assert.equal(meantBy(typed, Object.keys(names)), name)
    }),
  )
})

test('only own properties are options: what lies on a prototype is not one', () => {
  const holder = Object.prototype as { workers?: number; execArgv?: string[] }
  try {
    holder.execArgv = ['--inspect']
    checkOptions('make(…)', { idleMs: 1 }, names)
    assert.throws(() => checkOptions('make(…)', { execArgv: [] } as Options, names), OptionError)
  } finally {
    delete holder.execArgv
  }
})

test('options that are not an object are refused', () => {
  for (const given of [4, 'four', null, () => 4, true, []])
    assert.throws(
      () => checkOptions('make(…)', given as Options, names),
      (error: unknown) =>
        error instanceof OptionError && error.message.startsWith('make(…) takes its options in an object'),
    )
})
