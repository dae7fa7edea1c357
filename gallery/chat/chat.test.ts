import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Client } from './client.ts'
import { linesOf } from './lines.ts'
import { Room } from './room.ts'
import { chat } from './workload.ts'

async function enterAll(room: Room, names: readonly string[]): Promise<Client[]> {
  const clients = await Promise.all(names.map(name => Client.enter(room.port, name)))
  for (const client of clients) await client.untilHere(names.length)
  return clients
}

test('everybody hears every line once, in one order, whoever speaks at the same time', async () => {
  await using room = await Room.open()
  const clients = await enterAll(room, ['ann', 'bob', 'cid', 'dee', 'eva'])
  for (let line = 1; line <= 20; line++) for (const client of clients) client.say(`line ${line}`)
  for (const client of clients) await client.untilHeard(100)
  for (const client of clients)
    assert.deepEqual(client.heard, { ...clients[0]?.heard, lines: 100, different: 100 })
})

test('who leaves is missed, and the others go on', async () => {
  await using room = await Room.open()
  const [ann, bob, cid] = (await enterAll(room, ['ann', 'bob', 'cid'])) as [Client, Client, Client]
  cid.leave()
  ann.say('is anybody there?')
  await bob.untilHeard(1)
  await assert.rejects(cid.untilHeard(1))
  assert.equal(bob.heard.lines, 1)
})

test('lines are the same whether they come in pieces or together', async () => {
  await using room = await Room.open()
  const [ann] = (await enterAll(room, ['ann'])) as [Client]
  const raw = connect(room.port, '127.0.0.1')
  await once(raw, 'connect')
  for (const piece of ['b', 'ob\nhel', 'lo\nhow are', ' you?\nbye\n']) {
    raw.write(piece)
    await new Promise(resolve => raw.write('', resolve))
  }
  const heard: string[] = []
  for await (const lines of linesOf(raw)) {
    heard.push(...lines.filter(line => !line.startsWith('*')))
    if (heard.length === 3) break
  }
  assert.deepEqual(heard, ['bob: hello', 'bob: how are you?', 'bob: bye'])
  await ann.untilHeard(3)
  ann.leave()
})

test('a room that closes ends the waits of its clients', async () => {
  const room = await Room.open()
  const [ann] = (await enterAll(room, ['ann'])) as [Client]
  const waiting = ann.untilHeard(1)
  await Promise.all([room[Symbol.asyncDispose](), assert.rejects(waiting, /ended the connection/)])
})

test('a signal ends the waits of its client', async () => {
  await using room = await Room.open()
  const controller = new AbortController()
  const client = await Client.enter(room.port, 'ann', controller.signal)
  const waiting = client.untilHeard(1)
  controller.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
})

test('a line heard twice, missed, or in another order does not pass the check', async () => {
  const size = chat.sizes.S
  const answer = await chat.serial(size)
  assert.equal(chat.check(answer, size).ok, true)
  const [first, ...rest] = answer as [(typeof answer)[number], ...typeof answer]
  for (const wrong of [{ lines: 79 }, { different: 79 }, { transcript: 'other' }])
    assert.equal(chat.check([{ ...first, ...wrong }, ...rest], size).ok, false)
  assert.equal(chat.check(rest, size).ok, false)
})
