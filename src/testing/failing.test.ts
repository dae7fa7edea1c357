/** Actors that fail at a message of the test's choice; at each place: test/crashes/. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { ActorDiedError, ActorStartError, InvalidActorError } from '../actors/errors.ts'
import { Counter } from '../actors/fixtures/bank.ts'
import { spawn } from '../actors/spawn.ts'
import { supervisor } from '../actors/supervisor.ts'
import { cluster } from '../cluster/cluster.ts'
import { OptionError } from '../errors.ts'
import { threads } from '../threads/threads.ts'
import { failingAt, InjectedFailure } from './failing.ts'

for (const when of ['before', 'after'] as const)
  test(`an actor fails ${when} each of its messages in turn, and only there`, async () => {
    for (let at = 1; at <= 4; at += 1) {
      let seen = 0
      const Failing = failingAt(Counter, at, when)
      await using tree = supervisor({ onFailure: ({ error }) => assert.ok(error instanceof InjectedFailure) })
      const counter = await tree.start(Failing, [])
      for (let n = 1; n <= 4; n += 1)
        await counter.ask.add(1).then(
          value => {
            seen = value
          },
          error => assert.ok(error instanceof InjectedFailure || error instanceof ActorDiedError),
        )
      // The state is that of the instance that came after the failure.
      assert.equal(seen, at === 4 ? 3 : 4 - at, `${at}`)
    }
  })

for (const [when, seen] of [
  ['before', []],
  ['after', [1, 2, 3]],
] as const)
  test(`a stream is one message: it fails ${when} its values`, async () => {
    const counter = await spawn(failingAt(Counter, 1, when), [])
    const values: number[] = []
    await assert.rejects(async () => {
      for await (const value of counter.ask.upTo(3)) values.push(value)
    }, InjectedFailure)
    assert.deepEqual(values, seen)
    assert.equal(counter.ended?.kind, 'failure')
  })

test('one count is for all actors of the class', async () => {
  const Failing = failingAt(Counter, 3, 'before')
  const [one, other] = [await spawn(Failing, []), await spawn(Failing, [])]
  assert.deepEqual([await one.ask.get(), await other.ask.get()], [0, 0])
  await assert.rejects(one.ask.get(), InjectedFailure)
  assert.equal(await other.ask.get(), 0)
})

test('what can not be injected is refused', async () => {
  assert.throws(() => failingAt(class {} as never, 1, 'before'), InvalidActorError)
  assert.throws(() => failingAt(Counter, 0, 'before'), OptionError)
  assert.throws(() => failingAt(Counter, 1, 'between' as never), OptionError)
  assert.throws(() => failingAt(Counter, 1, 'after', { dies: 'machine' as never }), OptionError)
})

test('a node takes only what its modules declare', async () => {
  await using on = cluster({ on: threads({ workers: 1 }) })
  await using tree = supervisor()
  await assert.rejects(
    tree.start(failingAt(Counter, 1, 'before'), [], { on }),
    (error: Error) => error instanceof ActorStartError && /threads\(\) or processes\(\)/.test(`${error}`),
  )
  assert.equal(await (await tree.start(Counter, [], { on })).ask.get(), 0)
})
