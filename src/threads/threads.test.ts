/** What only threads have. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { OptionError, SerializationError } from '../errors.ts'
import { add, double, echo, reverse } from './fixtures/tasks.ts'
import { threads } from './threads.ts'

test('threads that spin answer as threads do, one call after the other and many at once', async () => {
  await using pool = threads({ workers: 2, spinUs: 50 })
  for (let n = 0; n < 50; n += 1) assert.equal(await pool.run(double, n), 2 * n)
  const numbers = Array.from({ length: 500 }, (_, at) => at)
  assert.deepEqual(
    await Promise.all(numbers.map(n => pool.run(double, n))),
    numbers.map(n => 2 * n),
  )
})

test('a spin that is no time, or too long, is refused', () => {
  for (const spinUs of [-1, Number.NaN, 1_001, '5' as never])
    assert.throws(() => threads({ spinUs }), { name: OptionError.name, message: /0 to 1000 microseconds/ })
})

/**
 * Looks like a number until it is looked at for the second time, when nothing but the copy itself
 * can tell.
 */
function turncoat(): { readonly n: unknown } {
  let looks = 0
  return {
    get n() {
      looks += 1
      return looks === 1 ? 1 : () => {}
    },
  }
}

test('arguments that can’t be copied when it comes to it fail their own call, wherever it stands among others', async () => {
  await using pool = threads({ workers: 1 })
  await pool.run(echo, 0)
  for (const at of [0, 7, 19]) {
    const inputs = Array.from({ length: 20 }, (_, index) =>
      index === at ? turncoat() : new Map([[index, at]]),
    )
    const outcomes = await Promise.allSettled(inputs.map(input => pool.run(echo, input)))
    for (const [index, outcome] of outcomes.entries()) {
      if (index !== at) assert.deepEqual(outcome, { status: 'fulfilled', value: inputs[index] })
      else assert.ok(outcome.status === 'rejected' && outcome.reason instanceof SerializationError)
    }
  }
  await assert.rejects(pool.run(echo, turncoat()), SerializationError)
  assert.equal(await pool.run(echo, 'after'), 'after')
})

test('bursts of all kinds of arguments come back in order, each its own answer', async () => {
  await using pool = threads({ workers: 2 })
  const kinds: ((n: number) => unknown)[] = [
    n => n,
    n => ({ n, text: 'x'.repeat(n % 600) }),
    n => new Map([[n, n]]),
    n => Float64Array.of(n, n / 2),
    n => new Float64Array(300).fill(n),
    n => [new Uint8Array(n % 2_000), { n }],
    n => 'y'.repeat(n),
  ]
  for (const count of [1, 30, 3_000]) {
    const inputs = Array.from({ length: count }, (_, n) => kinds[n % kinds.length]?.(n))
    assert.deepEqual(await Promise.all(inputs.map(input => pool.run(echo, input))), inputs)
  }
})

test('memory that goes with call after call is the same for all of them, whatever else goes with it', async () => {
  await using pool = threads({ workers: 2 })
  const memory = new SharedArrayBuffer(8 * 100)
  const whole = new Float64Array(memory)
  for (let round = 1; round <= 3; round += 1) {
    const calls = Array.from(whole, (_, at) =>
      pool.run(add, at % 3 === 0 ? whole : whole.subarray(at, at + 1), at % 3 === 0 ? at : 0, { at }),
    )
    assert.deepEqual(
      await Promise.all(calls),
      Array.from(whole, (_, at) => ({ at, sum: round })),
    )
    assert.ok(whole.every(value => value === round))
  }
})

test('two calls with the same object get a copy each, however many leave together', async () => {
  await using pool = threads({ workers: 1 })
  await pool.run(reverse, [0])
  const large = Array.from({ length: 100 }, (_, n) => n)
  const array = Float64Array.from(large)
  const bytes = new Float64Array(1_000).map((_, at) => at)
  const inputs = [large, large, array, array, bytes.subarray(0, 500), bytes.subarray(500), bytes, bytes]
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(inputs.map(input => pool.run(reverse, input as number[])))
    for (const [at, answer] of answers.entries()) assert.deepEqual(answer, inputs[at]?.toReversed())
  }
})

test('a heap limit that a flag of the program overrules is warned of', async () => {
  const index = JSON.stringify(new URL('../index.ts', import.meta.url).href)
  const warned = (flags: readonly string[]) => {
    const program = `import { threads } from ${index}; threads({ resourceLimits: { maxOldGenerationSizeMb: 64 } })`
    const { stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', program], {
      encoding: 'utf8',
    })
    return stderr.includes('ATONCE_RESOURCE_LIMITS')
  }
  assert.equal(warned(['--max-old-space-size=200']), true)
  assert.equal(warned(['--max_old_space_size=200']), true)
  assert.equal(warned([]), false)
})
