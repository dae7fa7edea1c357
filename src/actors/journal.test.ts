/** The journal keeps what was acknowledged, and nothing that is torn. */
import { strict as assert } from 'node:assert'
import { spawn as start } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { shareable } from '../declared/shareable.ts'
import { ActorDiedError, JournalError } from './errors.ts'
import { Ledger } from './fixtures/ledger.ts'
import { Journal } from './journal.ts'
import { Persisted } from './persisted.ts'
import { supervisor } from './supervisor.ts'

class Price {
  amount: number
  constructor(amount: number) {
    this.amount = amount
  }
}
shareable(import.meta, Price)

suite('a journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-journal-'))
  after(() => rmSync(folder, { recursive: true }))
  let files = 0
  const file = () => {
    files += 1
    return join(folder, `${files}.log`)
  }

  async function recover(path: string) {
    const journal = new Journal(path)
    const recovered = await journal.open()
    await journal.close()
    return recovered
  }

  test('gives back what was appended, of any kind that can be copied, in order', async () => {
    const path = file()
    const journal = new Journal(path)
    assert.deepEqual(await journal.open(), { snapshot: undefined, events: [], tornBytes: 0 })
    const events: unknown[] = [1, 'two', { three: new Date(3) }, new Map([[4, 5n]]), undefined, [Number.NaN]]
    events.push({ six: Buffer.from('six') }, { price: new Price(7) }, new RangeError('eight'))
    await Promise.all(events.map(event => journal.append(event)))
    await journal.close()
    assert.deepEqual((await recover(path)).events, events)
  })

  test('is cut off at the first record that is not whole, wherever the file ends', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    for (let n = 0; n < 4; n += 1) await journal.append({ n, text: 'some text' })
    await journal.close()
    const whole = readFileSync(path)
    const recordBytes = (whole.length - 17) / 4
    const cutAt = async (bytes: number) => {
      const torn = file()
      writeFileSync(torn, whole.subarray(0, bytes))
      const { events, tornBytes } = await recover(torn)
      const kept = Math.max(0, Math.floor((bytes - 17) / recordBytes))
      assert.equal(events.length, kept, `${bytes} bytes`)
      assert.equal(tornBytes, bytes < 17 ? bytes : bytes - 17 - kept * recordBytes)
      const { length } = (await recover(torn)).events
      assert.equal(length, kept)
    }
    await Promise.all(Array.from({ length: whole.length + 1 }, (_, bytes) => cutAt(bytes)))
  })

  test('is cut off at a record with one wrong bit', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    for (let n = 0; n < 3; n += 1) await journal.append(n)
    await journal.close()
    const bytes = readFileSync(path)
    const last = bytes.length - 1
    bytes[last] = (bytes[last] as number) ^ 1
    writeFileSync(path, bytes)
    assert.deepEqual((await recover(path)).events, [0, 1])
  })

  async function written(events: number): Promise<string> {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    for (let n = 1; n <= events; n += 1) await journal.append(n)
    await journal.close()
    return path
  }

  test('with damage before its last event is refused, wherever a bit is wrong', async () => {
    const path = await written(4)
    const whole = readFileSync(path)
    const recordBytes = (whole.length - 17) / 4
    for (let at = 17; at < whole.length - recordBytes; at += 1) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(path, bytes)
      await assert.rejects(recover(path), {
        name: 'JournalError',
        message: /damaged at byte \d+, behind event/,
      })
      assert.deepEqual(readFileSync(path), bytes)
    }
  })

  test('with events twice, or without one, is refused', async () => {
    const whole = readFileSync(await written(4))
    const [start, records] = [whole.subarray(0, 17), whole.subarray(17)]
    const recordBytes = records.length / 4
    const lists = [
      [start, records, start, records],
      [start, records, records],
      [start, records, records.subarray(-recordBytes)],
      [start, records.subarray(recordBytes)],
      [start, records.subarray(0, recordBytes), records.subarray(2 * recordBytes)],
    ]
    for (const parts of lists) {
      const path = file()
      writeFileSync(path, Buffer.concat(parts))
      await assert.rejects(recover(path), { name: 'JournalError', message: /damaged/ })
    }
  })

  test('is refused without its snapshot, with an older one, and the snapshot without it', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    await journal.append(1)
    await journal.compact('one')
    const older = readFileSync(`${path}.snapshot`)
    const olderLog = readFileSync(path)
    await journal.append(2)
    await journal.compact('two')
    await journal.close()
    const [snapshot, log] = [readFileSync(`${path}.snapshot`), readFileSync(path)]
    rmSync(`${path}.snapshot`)
    await assert.rejects(recover(path), { name: 'JournalError', message: /snapshot, .* is missing/ })
    writeFileSync(`${path}.snapshot`, older)
    await assert.rejects(recover(path), { name: 'JournalError', message: /ends at event 1/ })
    writeFileSync(`${path}.snapshot`, snapshot)
    writeFileSync(path, olderLog)
    await assert.rejects(recover(path), { name: 'JournalError', message: /its snapshot at event 2/ })
    rmSync(path)
    for (let time = 0; time < 2; time += 1)
      await assert.rejects(recover(path), { name: 'JournalError', message: /missing or empty/ })
    writeFileSync(path, log)
    assert.deepEqual((await recover(path)).snapshot?.state, 'two')
  })

  test('that died after it was cut is marked when it is opened', async () => {
    const path = await written(1)
    const journal = new Journal(path)
    await journal.open()
    await journal.compact('one')
    await journal.close()
    const marked = readFileSync(path)
    for (let bytes = 17; bytes < marked.length; bytes += 1) {
      writeFileSync(path, marked.subarray(0, bytes))
      assert.deepEqual((await recover(path)).snapshot, { seq: 1, state: 'one' })
      assert.equal(readFileSync(path).length, marked.length)
    }
  })

  test('that can not be opened is a JournalError, too', async () => {
    for (const path of [join(folder, 'no folder', 'a.log'), folder])
      await assert.rejects(recover(path), { name: 'JournalError', message: /ENOENT|EISDIR|EPERM/ })
  })

  test('keeps a snapshot in place of what came before, and what came after', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    await journal.append('before')
    await journal.compact({ sum: 1 })
    await journal.append('after')
    await journal.close()
    assert.deepEqual(await recover(path), {
      snapshot: { seq: 1, state: { sum: 1 } },
      events: ['after'],
      tornBytes: 0,
    })
  })

  test('passes over what its snapshot has, when it died before the log was cut', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    await journal.append('before')
    const log = readFileSync(path)
    await journal.compact('state')
    await journal.close()
    writeFileSync(path, log)
    assert.deepEqual((await recover(path)).events, [])
  })

  test('is not an other file, and has no other writer', async () => {
    const path = file()
    writeFileSync(path, 'this is a letter to somebody')
    await assert.rejects(recover(path), JournalError)
    const shared = file()
    const [one, other] = [new Journal(shared), new Journal(shared)]
    await one.open()
    await other.open()
    await one.append(1)
    await assert.rejects(other.append(2), /another writer/)
    await assert.rejects(other.append(3), JournalError)
    await Promise.all([one.close(), other.close()])
    assert.deepEqual((await recover(shared)).events, [1])
  })

  test('keeps what was acknowledged when two writers append at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const path = file()
      const writers = [new Journal(path), new Journal(path)]
      await writers[0]?.open()
      await writers[1]?.open()
      const acknowledged: unknown[] = []
      await Promise.all(
        writers.map(async (journal, who) => {
          for (let n = 0; n < 5; n += 1)
            await journal.append(`${who} ${n}`).then(
              () => acknowledged.push(`${who} ${n}`),
              (error: unknown) => assert.ok(error instanceof JournalError),
            )
          await journal.close()
        }),
      )
      const kept = new Set((await recover(path)).events)
      for (const event of acknowledged) assert.ok(kept.has(event), String(event))
    }
  })

  test('refuses what can not be copied, and goes on', async () => {
    const path = file()
    const journal = new Journal(path)
    await journal.open()
    const money = new (class Money {
      amount = 1
    })()
    for (const [event, path] of [
      [() => 1, 'event'],
      [{ made: [() => 1] }, 'event.made[0]'],
      [{ paid: money }, 'event.paid'],
    ])
      await assert.rejects(journal.append(event), { name: 'SerializationError', path })
    await journal.append(2)
    await journal.close()
    assert.deepEqual((await recover(path)).events, [2])
  })

  test('loses nothing that was acknowledged when its process is killed', { timeout: 60_000 }, async () => {
    const path = file()
    let most = -1
    for (let kill = 0; kill < 4; kill += 1) {
      const child = start(process.execPath, [
        fileURLToPath(new URL('./fixtures/append.ts', import.meta.url)),
        path,
      ])
      const ended = new Promise(resolve => child.once('close', resolve))
      let lines = 0
      child.stdout.on('data', (text: Buffer) => {
        for (const line of text.toString().split('\n').filter(Boolean)) {
          if (!line.startsWith('recovered')) most = Math.max(most, Number(line))
          lines += 1
        }
        if (lines > 20 + 7 * kill) child.kill('SIGKILL')
      })
      await ended
      const events = (await recover(path)).events as { n: number }[]
      assert.ok(events.length > most, `${events.length} events, ${most} was acknowledged`)
      assert.deepEqual(
        events.map(({ n }) => n),
        events.map((_, n) => n),
      )
    }
  })
})

suite('an actor with a journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-ledger-'))
  after(() => rmSync(folder, { recursive: true }))

  test('is after each restart what its events made of it', async () => {
    await using tree = supervisor({ maxRestarts: 10 })
    const ledger = await tree.start(Ledger, [join(folder, 'a.log')])
    assert.equal(await ledger.ask.book(5), 5)
    assert.equal(await ledger.ask.book(7), 12)
    ledger.tell.die()
    assert.equal(await ledger.ask.total(), 12)
    for (let n = 0; n < 10; n += 1) await ledger.ask.book(1)
    await assert.rejects(
      ledger.ask.bookAndDie(100),
      (error: Error) => error instanceof ActorDiedError || /die/.test(error.message),
    )
    assert.equal(await ledger.ask.total(), 122)
    await ledger.stop()
    const again = await tree.start(Ledger, [join(folder, 'a.log')])
    assert.equal(await again.ask.total(), 122)
  })

  test('loses none of the events that come at once, wherever a snapshot is due', async () => {
    await using tree = supervisor()
    for (let count = 1; count <= 9; count += 1) {
      const path = join(folder, `${count} at once.log`)
      const amounts = Array.from({ length: count }, (_, n) => 10 ** n)
      const first = await tree.start(Ledger, [path])
      await first.ask.bookAll(amounts)
      const total = await first.ask.bookAll(amounts)
      await first.stop()
      const second = await tree.start(Ledger, [path])
      assert.equal(await second.ask.total(), total)
      await second.stop()
    }
  })

  test('has no snapshot without an event that could not be applied', async () => {
    const path = join(folder, 'not applied.log')
    const applied: number[] = []
    const events = new Persisted<number, number[]>({
      path,
      apply: event => {
        if (event === 2) throw new Error('not two')
        applied.push(event)
      },
      snapshot: () => applied,
      restore: () => {},
      every: 1,
    })
    await events.replay()
    const ends = await Promise.allSettled([1, 2, 3].map(event => events.persist(event)))
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    )
    await assert.rejects(events.persist(4), JournalError)
    await events.close()
    const journal = new Journal(path)
    assert.deepEqual(await journal.open(), { snapshot: undefined, events: [1, 2, 3], tornBytes: 0 })
    await journal.close()
  })

  test('that fails at a snapshot has stored the event, and warns once', async () => {
    const warned: Error[] = []
    const hear = (warning: Error) => void warned.push(warning)
    process.on('warning', hear)
    const path = join(folder, 'no snapshot.log')
    const applied: number[] = []
    const results = [() => assert.fail('no snapshot today'), () => ({ made: () => 1 }), () => applied]
    const events = new Persisted<number, unknown>({
      path,
      apply: event => void applied.push(event),
      snapshot: () => results.shift()?.(),
      restore: state => applied.push(...(state as number[])),
      every: 1,
    })
    await events.replay()
    for (const event of [1, 2]) await events.persist(event)
    assert.ok(!existsSync(`${path}.snapshot`))
    await events.persist(3)
    await events.close()
    await turn()
    process.off('warning', hear)
    assert.deepEqual(applied, [1, 2, 3])
    assert.deepEqual(
      warned.map(({ message }) => /keeps all its events, .*: no snapshot today/.test(message)),
      [true],
    )
    const journal = new Journal(path)
    assert.deepEqual((await journal.open()).snapshot, { seq: 3, state: [1, 2, 3] })
    await journal.close()
  })

  test('is replayed once, before it takes an event', async () => {
    const applied: number[] = []
    const events = new Persisted<number>({
      path: join(folder, 'once.log'),
      apply: event => void applied.push(event),
    })
    await assert.rejects(events.persist(1), { name: 'JournalError', message: /await replay\(\) in onStart/ })
    await events.replay()
    await events.persist(1)
    await assert.rejects(events.replay(), { name: 'JournalError', message: /applied twice/ })
    await events.close()
    assert.deepEqual(applied, [1])
  })
})
