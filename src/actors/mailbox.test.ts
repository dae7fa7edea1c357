/** The mailbox, next to the simplest thing that does the same: a list of what it was given. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { realRuntime } from '../runtime/real.ts'
import type { Ask } from './ask.ts'
import type { Method } from './contract.ts'
import { Mailbox, Message, OwnMessage } from './mailbox.ts'

const method: Method = { name: 'add', fn: () => {}, streams: false, entersContext: false }

/** What can be told of a message: a tell is another object when its turn comes. */
function shown(message: Message | undefined): unknown {
  if (message === undefined) return undefined
  return message.method === undefined ? message : [message.method, message.args, message.ask]
}

const count = fc.oneof(fc.nat(3), fc.nat(200)) // Beyond the list, and beyond a chunk.
const steps = fc.array(
  fc.record({ kind: fc.constantFrom('tell', 'ask', 'timer', 'shift', 'put back', 'drop'), count }),
  { maxLength: 30 },
)

suite('a mailbox', () => {
  test('gives what a list would give: first come first served, put back, dropped', () => {
    fc.assert(
      fc.property(steps, played => {
        const mailbox = new Mailbox()
        const model: Message[] = []
        let made = 0
        const add = (message: Message) => {
          model.push(message)
          mailbox.push(message)
        }
        for (const { kind, count } of played) {
          for (let n = 0; n < count && (kind === 'tell' || kind === 'ask' || kind === 'timer'); n += 1) {
            made += 1
            const args = made % 3 === 0 ? [] : [made]
            if (kind === 'timer') add(new OwnMessage(() => {}, made, undefined))
            else if (kind === 'ask') add(new Message(method, args, { mark: made } as Ask))
            else {
              model.push(new Message(method, args, undefined))
              mailbox.pushTell(method, args)
            }
          }
          if (kind === 'drop') {
            const at = model.findIndex(({ mayBeDropped }) => mayBeDropped)
            const oldest = at === -1 ? undefined : model.splice(at, 1)[0]
            assert.deepEqual(shown(mailbox.drop()), shown(oldest))
          }
          if (kind === 'shift' || kind === 'put back') {
            const taken = Array.from({ length: count }, () => mailbox.shift())
            assert.deepEqual(
              taken.map(shown),
              Array.from(taken, (_, at) => shown(model[at])),
            )
            const those = taken.filter(message => message !== undefined)
            model.splice(0, count, ...(kind === 'shift' ? [] : those))
            if (kind === 'put back') mailbox.putBack(those)
          }
          assert.equal(mailbox.count, model.length)
        }
        const asks = model.flatMap(({ ask }) => (ask === undefined ? [] : [ask]))
        assert.deepEqual([...mailbox.asks()], asks)
        for (const message of [...model, undefined]) assert.deepEqual(shown(mailbox.shift()), shown(message))
      }),
      { numRuns: 200 },
    )
  })

  test('forgets a message that was taken, also while others of its chunk wait', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const mailbox = new Mailbox()
    const seen = Array.from({ length: 40 }, () => {
      const args = [{}]
      mailbox.pushTell(method, args)
      return new WeakRef(args)
    })
    for (let n = 0; n < 30; n += 1) mailbox.shift()
    await realRuntime.yieldToLoop() // A WeakRef keeps what it refers to for the turn it was made in.
    collect()
    assert.deepEqual(
      seen.map(one => one.deref() !== undefined),
      seen.map((_, at) => at >= 30),
    )
    assert.equal(mailbox.count, 10)
  })
})
