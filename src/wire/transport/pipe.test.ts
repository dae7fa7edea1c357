/** Frames on a byte stream: whatever the pieces they arrive in, whatever garbage comes instead. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { PayloadTooLargeError } from '../../errors.ts'
import { pipeTransport } from './pipe.ts'
import type { Receiver } from './transport.ts'

const limit = 1_000_000

/** A socket that writes down what is done to it. */
class Recorder extends EventEmitter {
  readonly log: string[] = []
  readonly written: Buffer[] = []
  write(part: Buffer): void {
    this.log.push('write')
    this.written.push(part)
  }
  cork = (): void => void this.log.push('cork')
  uncork = (): void => void this.log.push('uncork')
  ref = (): void => void this.log.push('ref')
  unref = (): void => void this.log.push('unref')
  destroy = (): void => void this.log.push('destroy')
  get socket(): Socket {
    return this as unknown as Socket
  }
}

function listener(): Receiver & { messages: unknown[]; garbage: string[]; ends: number } {
  const heard = { messages: [] as unknown[], garbage: [] as string[], ends: 0 }
  return Object.assign(heard, {
    message: (message: unknown) => void heard.messages.push(message),
    garbled: (what: string) => void heard.garbage.push(what),
    run: (...run: unknown[]) => void heard.messages.push(run),
    done: (...done: unknown[]) => void heard.messages.push(done),
    closed: () => {
      heard.ends += 1
    },
  })
}

function framesOf(...messages: unknown[]): Buffer {
  const recorder = new Recorder()
  const transport = pipeTransport(recorder.socket, listener(), { maxFrameBytes: limit })
  for (const message of messages) transport.send(message)
  return Buffer.concat(recorder.written)
}

/** What is heard when these pieces arrive. */
function hear(pieces: readonly Uint8Array[], maxFrameBytes = limit): ReturnType<typeof listener> {
  const recorder = new Recorder()
  const heard = listener()
  pipeTransport(recorder.socket, heard, { maxFrameBytes })
  for (const piece of pieces) recorder.emit('data', Buffer.from(piece))
  return heard
}

function framed(body: Uint8Array, bodyBytes: number = body.length): Buffer {
  const head = Buffer.alloc(5) // The kind is 0: a message.
  head.writeUInt32BE(bodyBytes + 1)
  return Buffer.concat([head, body])
}

const messages: readonly unknown[] = [
  'first',
  { kind: 'run', args: [new Map([[1n, new Date(0)]]), new Float64Array([Number.NaN])] },
  undefined,
  '',
  [Buffer.alloc(300, 7).toString('latin1')],
]

test('a frame that is cut anywhere arrives whole', () => {
  const frames = framesOf(...messages)
  for (let cut = 0; cut <= frames.length; cut += 1) {
    const heard = hear([frames.subarray(0, cut), frames.subarray(cut)])
    assert.deepEqual(heard.messages, messages, `cut at ${cut}`)
    assert.deepEqual(heard.garbage, [])
  }
})

test('frames arrive in their order from pieces of any sizes, single bytes and empty ones too', () => {
  const frames = framesOf(...messages)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5), fc.nat(200)), { minLength: 1 }),
      sizes => {
        const pieces: Buffer[] = []
        for (let at = 0, turn = 0; at < frames.length; turn += 1) {
          const size = turn < 1_000 ? (sizes[turn % sizes.length] as number) : frames.length
          pieces.push(frames.subarray(at, at + size))
          at += size
        }
        assert.deepEqual(hear(pieces).messages, messages)
      },
    ),
  )
})

test('many frames in one piece are all delivered', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => ({ at }))
  assert.deepEqual(hear([framesOf(...many)]).messages, many)
})

test('a frame that is not whole yet is not delivered, and its end is no message', () => {
  const frame = framesOf('whole')
  const recorder = new Recorder()
  const heard = listener()
  pipeTransport(recorder.socket, heard, { maxFrameBytes: limit })
  recorder.emit('data', frame.subarray(0, -1))
  recorder.emit('close')
  assert.deepEqual([heard.messages, heard.garbage, heard.ends], [[], [], 1])
})

test('a length beyond the limit is refused before its bytes are waited for, and nothing after it is read', () => {
  const heard = hear([framesOf('before'), framed(new Uint8Array(8), limit + 1), framesOf('after')])
  assert.deepEqual(heard.messages, ['before'])
  assert.deepEqual(heard.garbage, [`a frame of ${limit + 1} bytes`])
  assert.equal(hear([Buffer.from('ffffffff', 'hex')]).garbage.length, 1)
})

test('a frame as long as the limit is read, and one byte more is not', () => {
  const frame = framesOf('x'.repeat(100))
  assert.deepEqual(hear([frame], frame.length - 5).messages, ['x'.repeat(100)])
  assert.equal(hear([frame], frame.length - 6).garbage.length, 1)
})

test('garbage is told of once, and delivers nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (garbage, inAFrame) => {
      const heard = hear([inAFrame ? framed(garbage) : garbage, framesOf('after')])
      if (heard.garbage.length > 0) assert.deepEqual([heard.garbage.length, heard.messages], [1, []])
      else if (inAFrame) assert.equal(heard.messages.at(-1), 'after')
    }),
    { numRuns: 1_000 },
  )
})

test('a frame without a value in it is garbage', () => {
  for (const body of [[], [0xff], [0xff, 0x0f], [0x00, 0x01], [0xff, 0x0f, 0x6f]]) {
    const heard = hear([framed(Uint8Array.from(body))])
    assert.deepEqual(heard.messages, [], `body ${body}`)
    assert.match(heard.garbage[0] ?? '', /bytes that are no value/)
  }
})

test('a message that is too large is refused by its sender, with nothing sent', () => {
  const recorder = new Recorder()
  const transport = pipeTransport(recorder.socket, listener(), { maxFrameBytes: 1_000 })
  assert.throws(
    () => transport.send('x'.repeat(2_000)),
    (error: unknown) => error instanceof PayloadTooLargeError && error.limitBytes === 1_000,
  )
  assert.deepEqual(recorder.log, [])
  transport.send('small')
  assert.deepEqual(hear(recorder.written).messages, ['small'])
})

test('a message that can’t be copied is refused by its sender, with nothing sent', () => {
  const recorder = new Recorder()
  const transport = pipeTransport(recorder.socket, listener(), { maxFrameBytes: limit })
  assert.throws(() => transport.send({ fn: () => {} }), /could not be cloned/)
  assert.deepEqual(recorder.log, [])
})

test('all frames of one turn leave in one write, those of the next turn in another', async () => {
  const recorder = new Recorder()
  const transport = pipeTransport(recorder.socket, listener(), { maxFrameBytes: limit })
  transport.send(1)
  transport.send(2)
  assert.deepEqual(recorder.log, ['cork', 'write', 'write'])
  await Promise.resolve()
  assert.deepEqual(recorder.log.splice(0), ['cork', 'write', 'write', 'uncork'])
  transport.send(3)
  await Promise.resolve()
  assert.deepEqual(recorder.log, ['cork', 'write', 'uncork'])
})

test('what is delivered before an error of the socket stays delivered, and the error ends nobody', () => {
  const recorder = new Recorder()
  const heard = listener()
  pipeTransport(recorder.socket, heard, { maxFrameBytes: limit })
  recorder.emit('data', framesOf('before'))
  recorder.emit('error', new Error('EPIPE'))
  recorder.emit('close')
  assert.deepEqual([heard.messages, heard.ends], [['before'], 1])
})

test('both ends of a real stream hear each other, and each hears the other’s end', async () => {
  const [left, right] = duplexPair() as unknown as [Socket, Socket]
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const { promise: answered, resolve: answer } = Promise.withResolvers<unknown>()
  const caller = pipeTransport(left, { ...listener(), message: answer }, { maxFrameBytes: limit })
  const worker = pipeTransport(
    right,
    { ...listener(), message: message => worker.send([message]), closed: end },
    { maxFrameBytes: limit },
  )
  caller.send(new Map([[1, 'x'.repeat(200_000)]]))
  assert.deepEqual(await answered, [new Map([[1, 'x'.repeat(200_000)]])])
  worker.close()
  await ended
})

test('a receiver that closes the transport while it reads gets nothing more', () => {
  const recorder = new Recorder()
  const heard: unknown[] = []
  const transport = pipeTransport(
    recorder.socket,
    {
      ...listener(),
      message: message => {
        heard.push(message)
        transport.close()
      },
    },
    { maxFrameBytes: limit },
  )
  recorder.emit('data', framesOf('one', 'two'))
  recorder.emit('data', framesOf('three'))
  assert.deepEqual([heard, recorder.log], [['one'], ['destroy']])
})
