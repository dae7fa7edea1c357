/** Whatever an actor throws, its supervisor lives on, and can tell of it. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { actor } from './definition.ts'
import { InvalidActorError } from './errors.ts'
import type { FailureReport } from './report.ts'
import { self } from './self.ts'
import { supervisor } from './supervisor.ts'

const revoked = Proxy.revocable({}, {})
revoked.revoke()

class Getter extends Error {
  override get message(): string {
    throw new Error('hostile getter')
  }
}

const thrown: Readonly<Record<string, unknown>> = {
  'an error whose message throws': new Getter(),
  'an error whose stack throws': Object.defineProperty(new Error('so'), 'stack', {
    get() {
      throw new Error('hostile stack')
    },
  }),
  'an error that is a proxy': new Proxy(new Error('so'), {
    get() {
      throw new Error('hostile proxy')
    },
  }),
  'a revoked proxy': revoked.proxy,
  'an object without a prototype': Object.create(null),
  'a symbol': Symbol('why'),
  nothing: undefined,
  'a message that is a number': Object.assign(new Error('so'), { message: 7 }),
}

const Thrower = actor(
  import.meta,
  class Thrower {
    go(name: string): never {
      throw thrown[name]
    }

    here(): string {
      return 'here'
    }

    *later(): Generator<number> {
      self().stash()
      yield 1
    }
  },
  { crashOn: [RangeError], remember: 2 },
)

suite('an actor that throws', () => {
  for (const name of Object.keys(thrown))
    test(`${name} is restarted, and all that tells of it does`, async () => {
      const reports: FailureReport[] = []
      await using tree = supervisor({
        maxRestarts: 2,
        onError: [[RangeError, 'stop']],
        onFailure: report => void reports.push(report),
      })
      const thrower = await tree.start(Thrower, [])
      for (const told of [1, 2]) {
        thrower.tell.go(name)
        assert.equal(await thrower.ask.here(), 'here')
        assert.equal(reports.length, told)
      }
      assert.match(String(reports[1]), /^Thrower \d+ failed: /)
      assert.match(String(tree), /2 restarts, last failure: /)
      const how = await thrower.ask.go(name).then(
        () => 'answered',
        () => 'rejected', // `assert.rejects` would look at what was thrown.
      )
      assert.equal(how, 'rejected')
      thrower.tell.go(name)
      assert.match(String((await tree.ended).error), /its supervisor gave up: /)
    })
})

test('a generator method can not be put aside, and says so', async () => {
  await using tree = supervisor()
  const thrower = await tree.start(Thrower, [])
  await assert.rejects(Array.fromAsync(thrower.ask.later()), InvalidActorError)
})
