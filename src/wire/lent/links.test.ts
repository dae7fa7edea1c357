/**
 * Loans over one connection: what a worker says is believed as far as it can be true, and what it
 * lies about hurts nobody.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../../channel/channel.ts'
import type { Receiver, Sender } from '../../channel/ends.ts'
import { decode, type Encoded, encode } from '../codec.ts'
import { PlainEncoding } from '../encoding.ts'
import { encodeFailure } from '../failure.ts'
import type { Borrower } from './borrower.ts'
import { FarLinks } from './far-links.ts'
import { declareEnds } from './lend.ts'
import { isLentMessage, type LentMessage } from './messages.ts'
import { NearLinks } from './near-links.ts'

declareEnds()
const crossing = { sharedMemory: false, maxPayloadBytes: 1_000_000 }
const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const failure = encodeFailure(new RangeError('why'), new PlainEncoding())

/**
 * A pool's side and a worker's, with a connection between them that a test can hold up, cut and
 * forge on.
 */
class Connected {
  readonly near: NearLinks
  readonly far: FarLinks
  readonly garbage: string[] = []
  readonly said: LentMessage['message'][] = []
  clear = true
  #call = 0

  constructor() {
    const connected = this
    this.near = new NearLinks({
      crossing: { ...crossing, lends: false },
      send: message => this.far.receive(structuredClone(message)),
      garbled: what => void this.garbage.push(what),
    })
    this.far = new FarLinks({
      crossing: { ...crossing, lends: false },
      get clear() {
        return connected.clear
      },
      send: message => {
        this.said.push(message.message)
        this.near.receive(structuredClone(message))
      },
      sendTaken: (link, count) => {
        this.said.push({ kind: 'taken', count })
        this.near.taken(link, count)
      },
    })
  }

  /** Sends it as the argument of a call, whose number it returns. */
  give(end: unknown): { readonly call: number; readonly sent: Encoded; readonly link: number } {
    const sent = encode([end], 'args', { ...crossing, lends: true })
    this.#call += 1
    this.near.lend(this.#call, sent.loans ?? [])
    const [lent] = sent.loans ?? []
    return { call: this.#call, sent, link: lent !== undefined && 'number' in lent ? lent.number : 0 }
  }

  /** The call begins over there. */
  begin<E>(sent: Encoded): { readonly end: E; readonly borrower: Borrower } {
    const borrower = { loans: [], links: this.far }
    const args = decode(structuredClone(sent.value), true, 'args', borrower) as [E]
    return { end: args[0], borrower }
  }

  /** Something that the worker says on this link. */
  forge(link: number, message: unknown): void {
    assert.equal(this.near.receive({ kind: 'lent', link, message }), true)
  }
}

async function full(count: number): Promise<Channel<number>> {
  const channel = new Channel<number>(count)
  for (let n = 0; n < count; n += 1) await channel.send(n)
  return channel
}

async function rest(channel: Channel<number>): Promise<number[]> {
  channel.close()
  return Array.fromAsync(channel)
}

test('nothing is taken out of a channel before the call with its end has begun, and nothing is kept of one that never does', async () => {
  const connected = new Connected()
  const channel = await full(4)
  const { call } = connected.give(channel.receiver)
  await turn()
  assert.equal(channel.size, 4)
  connected.near.over(call)
  connected.forge(1, { kind: 'here' })
  assert.equal(connected.garbage.length, 1)
  assert.deepEqual(await rest(channel), [0, 1, 2, 3])
})

test('an end whose worker has died before it began can be given to another worker', async () => {
  const [one, other] = [new Connected(), new Connected()]
  const channel = await full(3)
  const { sent } = one.give(channel.receiver)
  one.near.end()
  other.near.lend(9, sent.loans ?? [])
  const { end } = other.begin<Receiver<number>>(sent)
  await turn()
  assert.deepEqual([await end.receive(), await end.receive()], [0, 1])
  other.near.end()
  assert.deepEqual(await rest(channel), [2])
})

test('that an item was taken is told before whoever has it goes on, in all ways to take it', async () => {
  const connected = new Connected()
  const channel = await full(8)
  const { end } = connected.begin<Receiver<number>>(connected.give(channel.receiver).sent)
  const told = () => connected.said.filter(({ kind }) => kind === 'taken').length
  const waiting = end.receive().then(item => [item, told()])
  await turn()
  assert.deepEqual(await waiting, [0, 1])
  assert.deepEqual([end.tryReceive(), told()], [{ value: 1 }, 2])
  assert.deepEqual([await end.receive(), told()], [2, 3])
  for await (const item of end) {
    assert.deepEqual([item, told()], [3, 4])
    break
  }
  connected.near.end()
  assert.deepEqual(await rest(channel), [4, 5, 6, 7])
})

test('while words wait to leave no item is given, and a sender there rests until all has left', async () => {
  const connected = new Connected()
  const [to, from] = [await full(3), new Channel<number>(5)]
  const { end } = connected.begin<Receiver<number>>(connected.give(to.receiver).sent)
  const { end: sender } = connected.begin<Sender<number>>(connected.give(from.sender).sent)
  await turn()
  connected.clear = false
  connected.far.congested()
  assert.equal(end.tryReceive(), undefined)
  assert.equal(sender.trySend(1), false)
  const [receiving, sending] = [end.receive(), sender.send(2)]
  await turn()
  assert.deepEqual([from.size, sender.size], [0, 0])
  connected.clear = true
  connected.far.cleared()
  assert.equal(await receiving, 0)
  await sending
  await turn()
  assert.deepEqual([end.tryReceive(), from.tryReceive()], [{ value: 1 }, { value: 2 }])
  connected.near.end()
  assert.deepEqual(await rest(to), [2])
})

test('an item that can not be made where it arrives is not lost in silence', async () => {
  const unknown = {
    '\0atonce': { module: 'file:///none.js', name: 'Nobody', position: 0, version: undefined, digest: '' },
  }
  const connected = new Connected()
  const from = new Channel<unknown>(5)
  const lent = connected.give(from.sender)
  const { end: sender } = connected.begin<Sender<unknown>>(lent.sent)
  await sender.send('fine')
  await turn()
  connected.forge(lent.link, { kind: 'yieldedOne', seq: 0, value: unknown, special: true, weight: 1 })
  assert.equal(await from.receive(), 'fine')
  await assert.rejects(from.receive(), { code: 'ATONCE_UNKNOWN_CLASS' })
  await assert.rejects(sender.send('after'), { code: 'ATONCE_CHANNEL_CLOSED' })
  assert.deepEqual(connected.garbage, [])

  const to = await full(3)
  const { sent, link } = connected.give(to.receiver)
  const { end } = connected.begin<Receiver<unknown>>(sent)
  connected.far.receive({
    kind: 'lent',
    link,
    message: { kind: 'yieldedOne', seq: 0, value: unknown, special: true, weight: 1 },
  })
  await assert.rejects(end.receive(), { code: 'ATONCE_UNKNOWN_CLASS' })
  assert.deepEqual(await rest(to), [0, 1, 2])
})

const yielded = { kind: 'yielded', seq: 0, count: 1, bytes: new Uint8Array([0]), loose: [] }
/** Lies about a receiver on loan with a window of 4, after two items were taken. */
const liesOfReceiver: Record<string, unknown> = {
  'here again': { kind: 'here' },
  'open again': { kind: 'open', count: 4 },
  'more than was sent was taken': { kind: 'taken', count: 3 },
  'none was taken': { kind: 'taken', count: 0 },
  'parts of one were taken': { kind: 'taken', count: 0.5 },
  'no number was taken': { kind: 'taken', count: '1' },
  'an item from a receiver': yielded,
  'an end from a receiver': { kind: 'end', failure: undefined },
  'a cancel without a reason': { kind: 'cancel' },
  'a broken reason': { kind: 'cancel', failure: { kind: 'error', error: null } },
  'no message': null,
  'a message of no kind': {},
  'a kind from a prototype': { kind: 'constructor' },
}
/** Lies about a sender on loan with a window of 4. */
const liesOfSender: Record<string, unknown> = {
  'here again': { kind: 'here' },
  'more than there is room for': { ...yielded, count: 9, bytes: new Uint8Array(9) },
  'a count without its items': { ...yielded, count: 1_000_000_000 },
  'bytes that are no item': { ...yielded, bytes: new Uint8Array([250]) },
  'no bytes': { ...yielded, bytes: 'text' },
  'a loose item at no place': { ...yielded, loose: [{ index: 7, value: 1 }] },
  'an item with a broken stand-in': {
    kind: 'yieldedOne',
    seq: 0,
    value: { '\0atonce': 'Packed' },
    special: true,
    weight: 1,
  },
  'credit from a sender': { kind: 'taken', count: 1 },
  'a window from a sender': { kind: 'open', count: 4 },
  'a broken reason': { kind: 'end', failure: {} },
}

test('a worker that lies about a receiver is given up, and what it has not taken comes back', async () => {
  for (const [lie, message] of Object.entries(liesOfReceiver)) {
    const connected = new Connected()
    const channel = await full(4)
    const { sent, link } = connected.give(channel.receiver)
    const { end } = connected.begin<Receiver<number>>(sent)
    await turn()
    assert.deepEqual([await end.receive(), await end.receive()], [0, 1])
    connected.forge(link, message)
    assert.equal(connected.garbage.length, 1, lie)
    connected.near.end()
    assert.deepEqual(await rest(channel), [2, 3], lie)
  }
})

test('a worker that lies about a sender is given up, and what it has sent before is the channel’s', async () => {
  for (const [lie, message] of Object.entries(liesOfSender)) {
    const connected = new Connected()
    const channel = new Channel<number>(4)
    const { sent, link } = connected.give(channel.sender)
    const { end } = connected.begin<Sender<number>>(sent)
    await end.send(7)
    await turn()
    connected.forge(link, message)
    assert.equal(connected.garbage.length, 1, lie)
    connected.near.end()
    assert.deepEqual(await rest(channel), [7], lie)
  }
})

test('nothing is believed for a link that the worker does not have, has not begun, or has left', async () => {
  for (const early of [{ kind: 'taken', count: 1 }, { kind: 'open', count: 4 }, { kind: 'gone' }, yielded]) {
    const connected = new Connected()
    const channel = await full(4)
    const { sent, link } = connected.give(channel.receiver)
    connected.forge(link, early)
    connected.forge(link + 1_000, early)
    const { borrower } = connected.begin(sent)
    for (const loan of borrower.loans) loan.end()
    connected.forge(link, early)
    assert.equal(connected.garbage.length, 3)
    assert.deepEqual(await rest(channel), [0, 1, 2, 3])
  }
})

test('what crosses once the call was answered changes nothing', async () => {
  const connected = new Connected()
  const channel = await full(4)
  const { sent, call } = connected.give(channel.receiver)
  const { end, borrower } = connected.begin<Receiver<number>>(sent)
  await turn()
  assert.equal(await end.receive(), 0)
  for (const loan of borrower.loans) loan.end()
  connected.near.over(call)
  assert.throws(() => end.tryReceive(), { code: 'ATONCE_CHANNEL_CLOSED' })
  await channel.send(4)
  await turn()
  assert.deepEqual([await rest(channel), connected.garbage], [[1, 2, 3, 4], []])
})

test('every message of a link is known as one, and a changed one is not', () => {
  const genuine: LentMessage['message'][] = [
    { kind: 'here' },
    { kind: 'gone' },
    { kind: 'open', count: 1 },
    { kind: 'taken', count: 3 },
    { kind: 'cancel', failure },
    { kind: 'closed', failure: undefined },
    { kind: 'closed', failure },
    { kind: 'drained', id: 0 },
    { kind: 'drain', id: 0 },
    { kind: 'end', failure: undefined },
    { kind: 'cancelled', failure },
    { kind: 'yielded', seq: 0, count: 1, bytes: new Uint8Array([0]), loose: [] },
    { kind: 'yieldedOne', seq: 0, value: [], special: false, weight: 1 },
  ]
  for (const message of genuine) {
    assert.ok(isLentMessage({ kind: 'lent', link: 1, message }), message.kind)
    assert.equal(isLentMessage({ kind: 'lent', link: '1', message }), false)
    for (const key of Object.keys(message).filter(name => !['seq', 'weight', 'value'].includes(name)))
      assert.equal(
        isLentMessage({ kind: 'lent', link: 1, message: { ...message, [key]: { not: 'this' } } }),
        false,
        `${message.kind}.${key}`,
      )
  }
})
