import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { processes, threads } from '../../src/index.ts'
import { type Party, party } from './party.ts'

const [guests, linesEach, failsEvery] = [5, 20, 7] as const

function isRight({ transcripts, failures }: Party): void {
  const [first = []] = transcripts
  const said = Array.from({ length: guests }, (_, at) =>
    Array.from({ length: linesEach }, (_, line) => `guest ${at + 1}: line ${line + 1}`),
  )
  assert.deepEqual(first.toSorted(), said.flat().toSorted())
  for (const [at, lines] of said.entries())
    assert.deepEqual(
      first.filter(line => line.startsWith(`guest ${at + 1}:`)),
      lines,
    )
  for (const heard of transcripts) assert.deepEqual(heard, first)
  assert.ok(failures > 0)
}

test('all guests hear every line once, in one order, though each fails again and again', async () => {
  isRight(await party(guests, linesEach, failsEvery))
})

for (const make of [threads, processes])
  test(`the same on ${make.name}`, { timeout: 120_000 }, async () => {
    await using on = make({ workers: 2 })
    isRight(await party(guests, linesEach, failsEvery, { on }))
  })
