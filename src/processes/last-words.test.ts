/** What a worker writes to stderr is passed on, and its end is kept. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { mock, test } from 'node:test'
import { LastWords } from './last-words.ts'

class Stderr extends PassThrough {
  kept = true
  unref(): this {
    this.kept = false
    return this
  }
}

/**
 * Lets a worker write these parts and end; what the program passed on comes back with what was
 * kept.
 */
async function hear(parts: readonly (string | Buffer)[]): Promise<{ passedOn: string; kept: string }> {
  const passedOn: Buffer[] = []
  const write = mock.method(process.stderr, 'write', (part: Buffer) => passedOn.push(part) > 0)
  try {
    const stderr = new Stderr()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const words = new LastWords(stderr as unknown as Socket, part => void process.stderr.write(part), resolve)
    assert.equal(stderr.kept, false)
    for (const part of parts) stderr.write(part)
    assert.equal(words.ended, false)
    stderr.end()
    await ended
    assert.equal(words.ended, true)
    return { passedOn: Buffer.concat(passedOn).toString(), kept: words.text }
  } finally {
    write.mock.restore()
  }
}

test('all of it is passed on, and short words are kept whole', async () => {
  const { passedOn, kept } = await hear(['first line\n', 'FATAL ERROR: heap out of memory\n'])
  assert.equal(passedOn, 'first line\nFATAL ERROR: heap out of memory\n')
  assert.equal(kept, 'first line\nFATAL ERROR: heap out of memory')
})

test('of a flood only the last 4,096 bytes are kept, however it was cut', async () => {
  const flood = 'x'.repeat(100_000)
  for (const parts of [[flood, 'the end'], [`${flood}the end`], [...flood.slice(0, 5_000), 'the', ' end']]) {
    const { passedOn, kept } = await hear(parts)
    assert.equal(passedOn, parts.join(''))
    assert.equal(kept.length, 4_096)
    assert.ok(kept.endsWith('the end'))
  }
})

test('bytes that are no text do no harm', async () => {
  const { kept } = await hear([Buffer.of(0xff, 0xfe), Buffer.from('ok')])
  assert.match(kept, /ok$/)
})

test('who waits no longer is not told of an end, but hears that it has ended', async () => {
  const stderr = new Stderr()
  let ends = 0
  const words = new LastWords(
    stderr as unknown as Socket,
    part => void process.stderr.write(part),
    () => {
      ends += 1
    },
  )
  words.close()
  assert.deepEqual([words.ended, words.text, ends], [true, '', 0])
  assert.ok(stderr.destroyed)
})

test('an error of the stream ends nobody', async () => {
  const stderr = new Stderr()
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const words = new LastWords(stderr as unknown as Socket, part => void process.stderr.write(part), resolve)
  stderr.destroy(new Error('EIO'))
  await ended
  assert.ok(words.ended)
})
