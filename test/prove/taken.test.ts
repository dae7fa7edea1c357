/** What a channel's other side has taken is seen by who looks, or told, in every order of steps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, store } from '../../src/runtime/atomics.ts'
import { explore } from '../../src/testing/explorer/explore.ts'
import {
  type LinkWords,
  newLinkWords,
  noteLooks,
  noteTaken,
  takenWord,
} from '../../src/wire/lent/link-words.ts'

/** All orders of a side that takes two items and one that looks; `giveUp` ends its look. */
function explored(giveUp: (words: LinkWords) => number): ReturnType<typeof explore> {
  const words = newLinkWords(0)
  const told = new Int32Array(new SharedArrayBuffer(4))
  return explore({
    threads: () => [
      () => {
        for (const total of [1, 2]) if (!noteTaken(words, total)) store(told, 0, total)
      },
      () => {
        noteLooks(words, true)
        return giveUp(words)
      },
    ],
    check: ([, looking]) => assert.equal(Math.max(looking?.value as number, load(told, 0)), 2),
  })
}

test('who looks no more, and then once more, has seen all that it is not told of', () => {
  const { failure, complete } = explored(words => {
    noteLooks(words, false)
    return load(words, takenWord)
  })
  assert.deepEqual([failure, complete], [undefined, true])
})

test('who looks for the last time before it says so can miss something', () => {
  const { failure } = explored(words => {
    const taken = load(words, takenWord)
    noteLooks(words, false)
    return taken
  })
  assert.match(failure?.trace ?? '', /store/)
})
