import assert from 'node:assert/strict'
import { test } from 'node:test'
import { combinersLearnt, combinersTable, runCombiners } from './combiners.ts'
import { addCounts, countAll, countWords, dealtWords, sorted, type WordCounts } from './words.ts'
import { spelled, zipfNumbers, zipfText } from './zipf.ts'

test('the words are those that another program has drawn', () => {
  assert.deepEqual([...zipfNumbers(10)], [0, 0, 4052, 323, 63, 21, 38, 4, 85, 427])
  const names = Array.from({ length: 5_000 }, (_, number) => spelled(number))
  assert.equal(new Set(names).size, 5_000)
  assert.equal(zipfText(30).split('\n').length, 3)
})

test('with and without a combiner the counts of the pieces are those of the whole', () => {
  const text = zipfText(2_000)
  const expected = countWords(text)
  assert.deepEqual(byName(addCounts(sorted(expected, 4))), byName(expected))
  assert.deepEqual(byName(countAll(dealtWords(text, 4).flat())), byName(expected))
})

function byName(counts: WordCounts): [string, number][] {
  return [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1))
}

test('every model counts the same both ways, and less crosses with a combiner', {
  timeout: 60_000,
}, async () => {
  const { tried } = await runCombiners(20_000, { workers: 1, rounds: 0 })
  assert.deepEqual(
    tried.map(({ name }) => name),
    [
      'plain loop',
      ...['coroutines', 'threads', 'processes'].flatMap(model => [
        `${model}, every word`,
        `${model}, a combiner`,
      ]),
    ],
  )
  const [loop, , , every, combined] = tried
  assert.deepEqual(
    [loop?.crossingBytes, (every?.crossingBytes ?? 0) > (combined?.crossingBytes ?? 0)],
    [0, true],
  )
  assert.match(combinersTable(tried), /^threads +no +\d+\.\d MB/m)
  assert.match(combinersLearnt(tried), /^On threads a combiner has \d+\.\d times less cross/)
})
