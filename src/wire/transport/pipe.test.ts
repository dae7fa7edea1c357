/** Frames on a byte stream: whatever the pieces they arrive in, whatever garbage comes instead. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { PayloadTooLargeError } from '../../errors.ts'
import { FrameReader, headBytes, kinds, writeHead } from './frame.ts'
import { PipeCaller, type PipeCallerEar, PipeWorker, type PipeWorkerEar } from './pipe.ts'

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

function listener(): PipeCallerEar &
  PipeWorkerEar & { messages: unknown[]; garbage: string[]; ends: number } {
  const heard = { messages: [] as unknown[], garbage: [] as string[], ends: 0 }
  return Object.assign(heard, {
    message: (message: unknown) => void heard.messages.push(message),
    garbled: (what: string) => void heard.garbage.push(what),
    run: (...run: unknown[]) => void heard.messages.push(run),
    done: (seq: number, workMs: number, value: unknown) => void heard.messages.push([seq, workMs, value]),
    taken: (...taken: unknown[]) => void heard.messages.push(taken),
    unfinished() {},
    congested() {},
    cleared() {},
    closed: () => {
      heard.ends += 1
    },
  })
}

function framesOf(...messages: unknown[]): Buffer {
  const recorder = new Recorder()
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
  for (const message of messages) transport.send(message)
  return Buffer.concat(recorder.written)
}

/** A worker's end that writes into the recorder: its descriptor takes nothing. */
function workerOn(recorder: Recorder): PipeWorker {
  return new PipeWorker(recorder.socket, listener(), { maxFrameBytes: limit, fd: -1 })
}

/** What is heard when these pieces arrive. */
function hear(pieces: readonly Uint8Array[], maxFrameBytes = limit): ReturnType<typeof listener> {
  const heard = listener()
  const frames = new FrameReader(maxFrameBytes, heard)
  for (const piece of pieces) frames.push(Buffer.from(piece))
  return heard
}

function headOf(kind: number, bodyBytes: number): Buffer {
  const head = Buffer.alloc(headBytes)
  writeHead(head, kind, bodyBytes)
  return head
}

function framed(body: Uint8Array, bodyBytes: number = body.length): Buffer {
  return Buffer.concat([headOf(kinds.message, bodyBytes), body])
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

test('a frame that is not whole yet is not delivered, and its end is not a message', () => {
  const frame = framesOf('whole')
  const recorder = new Recorder()
  const heard = listener()
  new PipeCaller(recorder.socket, heard, { maxFrameBytes: limit })
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
  assert.deepEqual(hear([frame], frame.length - headBytes).messages, ['x'.repeat(100)])
  assert.equal(hear([frame], frame.length - headBytes - 1).garbage.length, 1)
})

test('garbage is told of once, and delivers nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (garbage, inAFrame) => {
      const heard = hear([inAFrame ? framed(garbage) : garbage, framesOf('after')])
      if (heard.garbage.length > 0) assert.deepEqual([heard.garbage.length, heard.messages], [1, []])
      else if (inAFrame || garbage.length === 0) assert.equal(heard.messages.at(-1), 'after')
      else assert.fail('taken for the beginning of a frame')
    }),
    { numRuns: 1_000 },
  )
})

test('what begins no frame is found out at its first byte: it is not taken for a length', () => {
  for (const text of ['\n', '\nhello', '\0', '{"json":1}', '\uFEFF'])
    assert.deepEqual(hear([Buffer.from(text)]).garbage, ['bytes that begin no frame'], text)
  const head = headOf(kinds.message, 1_000)
  for (let at = 0; at < headBytes; at += 1) {
    const wrong = Buffer.from(head)
    wrong[at] = (wrong[at] as number) ^ 0x10
    assert.equal(hear([wrong]).garbage.length, 1, `byte ${at}`)
  }
})

test('half a frame is given up when the other side says twice that nothing of it is left, and nothing came between', () => {
  const frame = framesOf('whole')
  for (const cut of [1, headBytes, frame.length - 1]) {
    const recorder = new Recorder()
    const heard = listener()
    const transport = new PipeCaller(recorder.socket, heard, { maxFrameBytes: limit })
    transport.expectWhole()
    recorder.emit('data', Buffer.concat([frame, frame.subarray(0, cut)]))
    transport.expectWhole()
    assert.deepEqual([heard.messages, heard.garbage], [['whole'], []])
    recorder.emit('data', frame.subarray(cut))
    transport.expectWhole()
    transport.expectWhole()
    assert.deepEqual([heard.messages, heard.garbage], [['whole', 'whole'], []])
    recorder.emit('data', frame.subarray(0, cut))
    for (let times = 0; times < 3; times += 1) transport.expectWhole()
    assert.deepEqual(heard.garbage, ['half a frame'])
  }
})

test('a compact frame that is longer or shorter than what it holds is garbage', () => {
  const recorder = new Recorder()
  new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit }).tryRun(1, 2, ['x'])
  const body = Buffer.concat(recorder.written).subarray(headBytes)
  for (const wrong of [Buffer.concat([body, Buffer.of(0)]), body.subarray(0, -1)]) {
    const heard = hear([headOf(kinds.run, wrong.length), wrong, framesOf('after')])
    assert.deepEqual([heard.garbage.length, heard.messages], [1, []])
  }
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
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: 1_000 })
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
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
  assert.throws(() => transport.send({ fn: () => {} }), /could not be cloned/)
  assert.deepEqual(recorder.log, [])
})

test('all frames of one turn leave in one write, those of the next turn in another', async () => {
  const recorder = new Recorder()
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
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
  new PipeCaller(recorder.socket, heard, { maxFrameBytes: limit })
  recorder.emit('data', framesOf('before'))
  recorder.emit('error', new Error('EPIPE'))
  recorder.emit('close')
  assert.deepEqual([heard.messages, heard.ends], [['before'], 1])
})

test('both ends of a real stream hear each other, and each hears the other’s end', async () => {
  const [left, right] = duplexPair() as unknown as [Socket, Socket]
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const { promise: answered, resolve: answer } = Promise.withResolvers<unknown>()
  const caller = new PipeCaller(left, { ...listener(), message: answer }, { maxFrameBytes: limit })
  const worker = new PipeWorker(
    right,
    { ...listener(), message: message => worker.send([message]), closed: end },
    { maxFrameBytes: limit, fd: -1 },
  )
  caller.send(new Map([[1, 'x'.repeat(200_000)]]))
  assert.deepEqual(await answered, [new Map([[1, 'x'.repeat(200_000)]])])
  worker.close()
  await ended
})

test('before the first byte of a frame leaves, its worker says that it is unfinished, and after the last one that it is not', t => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-pipe-'))
  const fd = openSync(join(folder, 'frames'), 'w+')
  t.after(() => {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })
  const told: [boolean, bytes: number][] = []
  const recorder = Object.assign(new Recorder(), { writableLength: 0 })
  const worker = new PipeWorker(
    recorder.socket,
    {
      ...listener(),
      unfinished: whether => void told.push([whether, fstatSync(fd).size + recorder.written.length]),
    },
    { maxFrameBytes: limit, fd },
  )
  worker.send('x'.repeat(100_000))
  worker.tryDone(1, 0, 2)
  worker.sendTaken(1, 1)
  const sizes = told.map(([, bytes]) => bytes)
  assert.deepEqual(
    told.map(([whether]) => whether),
    [true, false, true, false, true, false],
  )
  assert.ok(
    sizes[0] === 0 && (sizes[1] as number) > 100_000 && sizes[1] === sizes[2] && sizes[3] === sizes[4],
  )

  // Somebody else's frame waits already: this one is unfinished until the socket has written it.
  recorder.writableLength = 1
  worker.send('y')
  assert.deepEqual(told.at(-1), [true, sizes[5]])
})

test('a receiver that closes the transport while it reads gets nothing more', () => {
  const recorder = new Recorder()
  const heard: unknown[] = []
  const transport = new PipeCaller(
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

// ── the fast lane ──

/** Everything that a turn can send: messages, calls and results, in the order they are sent. */
const mixed: readonly { send: (to: PipeCaller, from: PipeWorker) => unknown; heard: unknown }[] = [
  { send: to => to.send('message'), heard: 'message' },
  {
    send: to => to.tryRun(1, 2, [3, 'four', { five: [null] }]),
    heard: [1, 2, [3, 'four', { five: [null] }]],
  },
  { send: (_, from) => from.tryDone(2 ** 31 - 1, 0.125, 'ж🙂'), heard: [2 ** 31 - 1, 0.125, 'ж🙂'] },
  { send: to => to.send([{ big: 'x'.repeat(3_000) }]), heard: [{ big: 'x'.repeat(3_000) }] },
  { send: to => to.tryRun(3, 1, []), heard: [3, 1, []] },
  { send: to => to.tryRun(4, 1, ['x', 'y'], [1, 'store']), heard: [4, 1, ['x', 'y'], [1, 'store']] },
  { send: (_, from) => from.tryDone(4, 0, undefined), heard: [4, 0, undefined] },
]

test('calls and results on the fast lane keep their place among messages, cut anywhere', () => {
  const recorder = new Recorder()
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
  const worker = workerOn(recorder)
  for (const { send } of mixed) assert.notEqual(send(transport, worker), false)
  const frames = Buffer.concat(recorder.written)
  const expected = mixed.map(({ heard }) => heard)
  for (let cut = 0; cut <= frames.length; cut += 1) {
    const heard = hear([frames.subarray(0, cut), frames.subarray(cut)])
    assert.deepEqual([heard.messages, heard.garbage], [expected, []], `cut at ${cut}`)
  }
  assert.deepEqual(hear([...frames].map(byte => Uint8Array.of(byte))).messages, expected, 'byte by byte')
})

test('what the fast lane does not take is refused with nothing sent, and hurts nothing after it', () => {
  const recorder = new Recorder()
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
  const worker = workerOn(recorder)
  for (const value of [new Map(), 1n, 'x'.repeat(600), [[new Date(0)]], Array(5).fill('x'.repeat(500))]) {
    assert.equal(transport.tryRun(1, 1, [value]), false)
    assert.equal(worker.tryDone(1, 1, value), false)
  }
  assert.deepEqual(recorder.log, [])
  worker.tryDone(5, 1, 'after')
  assert.deepEqual(hear(recorder.written).messages, [[5, 1, 'after']])
})

test('frames that wait for the end of the turn are not changed by those that come after them', async () => {
  const recorder = new Recorder()
  const transport = new PipeCaller(recorder.socket, listener(), { maxFrameBytes: limit })
  for (let seq = 1; seq <= 100; seq += 1) transport.tryRun(seq, 1, [`call ${seq}`])
  await Promise.resolve()
  assert.deepEqual(
    hear(recorder.written).messages,
    Array.from({ length: 100 }, (_, at) => [at + 1, 1, [`call ${at + 1}`]]),
  )
})

test('a frame of no known kind, or with no value of its kind in it, is garbage', () => {
  const frame = (kind: number, ...body: number[]) =>
    Buffer.concat([headOf(kind, body.length), Buffer.from(body)])
  for (const garbage of [
    frame(3),
    frame(5),
    frame(255, 1, 2),
    frame(1),
    frame(1, 0, 0, 0, 1),
    frame(2, ...Array(12).fill(0), 99),
  ]) {
    const heard = hear([garbage, framesOf('after')])
    assert.deepEqual([heard.garbage.length, heard.messages], [1, []], garbage.toString('hex'))
  }
})

test('an error of the receiver is its own, and no fault of the stream', () => {
  const recorder = new Recorder()
  const heard = listener()
  new PipeCaller(
    recorder.socket,
    {
      ...heard,
      message() {
        throw new RangeError('of the receiver')
      },
    },
    { maxFrameBytes: limit },
  )
  assert.throws(() => recorder.emit('data', framesOf('one')), /of the receiver/)
  assert.deepEqual(heard.garbage, [])
})

test('a frame that is not for this end is garbage', () => {
  const recorder = new Recorder()
  const heard = listener()
  new PipeCaller(recorder.socket, { ...heard, run: undefined } as never, { maxFrameBytes: limit })
  const calls = new Recorder()
  new PipeCaller(calls.socket, listener(), { maxFrameBytes: limit }).tryRun(1, 2, [])
  recorder.emit('data', Buffer.concat(calls.written))
  assert.deepEqual([heard.messages, heard.garbage], [[], [`a frame of kind ${kinds.run}`]])
})

// ── the prompt side, on a real pair of sockets ──

/**
 * Both ends of a real connection: a transport that writes at once, and the raw socket of its
 * reader.
 */
async function promptly(): Promise<{ prompt: PipeWorker; reader: Socket; end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-pipe-'))
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect(server.address() as string)
  await once(socket, 'connect')
  const [reader] = await accepted
  reader.pause()
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  const prompt = new PipeWorker(socket, listener(), { maxFrameBytes: 2 ** 28, fd })
  return {
    prompt,
    reader,
    async end() {
      prompt.close()
      reader.destroy()
      await new Promise(resolve => server.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}

/** Reads all that comes, until `count` things were heard. */
async function hearOf(reader: Socket, count: number): Promise<unknown[]> {
  const heard: unknown[] = []
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const note = (thing: unknown) => {
    heard.push(thing)
    if (heard.length === count) resolve()
  }
  new PipeCaller(
    reader,
    {
      ...listener(),
      message: note,
      done: (seq, workMs, value) => note([seq, workMs, value]),
      garbled: what => assert.fail(what),
    },
    { maxFrameBytes: 2 ** 28 },
  )
  reader.resume()
  await all
  return heard
}

test('a prompt transport has handed each frame over when it returns, though its loop never turns', async () => {
  const { prompt, reader, end } = await promptly()
  prompt.tryDone(1, 0.5, 'fast')
  prompt.send({ kind: 'done', seq: 2 })
  assert.equal(prompt.leaving, undefined)
  // The reader's end of the system's buffer has it: it is there to be read although this thread has
  // not let go once.
  const { fd } = (reader as unknown as { _handle: { fd: number } })._handle
  const bytes = Buffer.alloc(1_000)
  const heard = hear([bytes.subarray(0, readSync(fd, bytes))])
  assert.deepEqual(heard.messages, [[1, 0.5, 'fast'], { kind: 'done', seq: 2 }])
  await end()
})

test('what the system takes only in part, or not at all, follows later: whole, in order, and it can be waited for', async () => {
  const { prompt, reader, end } = await promptly()
  const large = { large: 'x'.repeat(3_000_000) }
  const sent: unknown[] = []
  const waits: boolean[] = []
  for (let seq = 1; seq <= 200; seq += 1) {
    if (seq % 50 === 25) {
      prompt.send(large)
      sent.push(large)
    } else {
      prompt.tryDone(seq, 1, `answer ${seq}`)
      sent.push([seq, 1, `answer ${seq}`])
    }
    waits.push(prompt.leaving !== undefined)
  }
  assert.equal(waits[23], false)
  assert.ok(waits.slice(24).every(Boolean), 'nothing overtakes the large one')
  const leaving = prompt.leaving
  const heard = await hearOf(reader, sent.length)
  assert.deepEqual(heard, sent)
  await leaving
  assert.equal(prompt.leaving, undefined)
  prompt.tryDone(201, 1, 'at once again')
  assert.equal(prompt.leaving, undefined)
  await end()
})

test('who waits for what is leaving goes on when the connection breaks instead', async () => {
  const { prompt, reader, end } = await promptly()
  prompt.send('x'.repeat(5_000_000))
  const { leaving } = prompt
  assert.ok(leaving instanceof Promise)
  reader.destroy()
  await leaving
  prompt.tryDone(1, 1, 'into nothing')
  await end()
})
