/**
 * A loopback keeps the order of messages, and carries what two threads could carry: copies, never
 * the sender's own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runtime, withRuntime } from '../../runtime/runtime.ts'
import { simulate } from '../../runtime/simulate.ts'
import { currentStrand, Strand, withStrand } from '../../runtime/strand.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { type Lane, loopback } from './loopback.ts'

/** Messages travel until the test lets them arrive. */
class Road implements Lane {
  readonly #arrivals: (() => void)[] = []
  readonly seen: string[] = []

  travel(arrive: () => void): void {
    this.#arrivals.push(arrive)
  }

  sent(message: unknown): void {
    this.seen.push(`sent ${message}`)
  }

  arrive(): void {
    for (let next = this.#arrivals.shift(); next !== undefined; next = this.#arrivals.shift()) next()
  }
}

test('messages arrive in their order, whatever order they travel in', () =>
  simulate(
    async ({ random }) => {
      const travel = (arrive: () => void) =>
        random() < 0.5 ? runtime().soon(arrive) : void runtime().setTimer(random() * 5, arrive)
      const { near, far } = loopback({ travel }, { travel })
      const heard: unknown[] = []
      await new Promise<void>(resolve => {
        near.on('message', () => {})
        far.on('message', message => {
          heard.push(message)
          if (heard.length === 50) resolve()
        })
        for (let n = 0; n < 50; n += 1) near.postMessage(n)
      })
      assert.deepEqual(
        heard,
        Array.from({ length: 50 }, (_, n) => n),
      )
    },
    { runs: 20 },
  ))

test('what arrives before anybody hears it waits, and a close comes after it', () => {
  const road = new Road()
  const { near, far } = loopback(new Road(), road)
  near.postMessage('early')
  road.arrive()
  const heard: unknown[] = []
  far.on('message', message => heard.push(message))
  far.on('close', () => heard.push('closed'))
  near.postMessage('late')
  near.close()
  near.postMessage('too late')
  road.arrive()
  assert.deepEqual(heard, ['early', 'late', 'closed'])
  assert.deepEqual(road.seen, ['sent early', 'sent late'])
})

test('an end that is cut sends and hears nothing more, and what it has sent can still be read', () => {
  const [toNear, toFar] = [new Road(), new Road()]
  const { near, far } = loopback(toNear, toFar)
  const heard: unknown[] = []
  far.on('message', message => heard.push(message))
  far.postMessage('last words')
  near.postMessage('unread')
  far.cut()
  far.postMessage('of a dead one')
  toFar.arrive()
  assert.deepEqual([heard, far.isRead], [[], false])
  assert.deepEqual(near.receive(), { message: 'last words' })
  assert.equal(near.receive(), undefined)
})

test('messages are copied when they are sent, moved buffers move, and what cannot be copied is not sent', () => {
  const { near, far } = loopback(new Road(), new Road())
  const list = [1]
  const bytes = new Uint8Array([1, 2, 3])
  near.postMessage(list)
  list.push(2)
  near.postMessage(bytes, [bytes.buffer])
  assert.throws(() => near.postMessage(() => {}), { name: 'DataCloneError' })
  assert.equal(bytes.length, 0)
  assert.deepEqual(far.receive(), { message: [1] })
  assert.deepEqual(far.receive(), { message: new Uint8Array([1, 2, 3]) })
  assert.equal(far.receive(), undefined)
})

test('a message is heard on the runtime of the end that hears it, in no strand of the sender', async () => {
  const road = new Road()
  const [one, other] = [new VirtualRuntime(), new VirtualRuntime()]
  const { near, far } = loopback(new Road(), road)
  let heard: unknown[] = []
  await withRuntime(other, () =>
    far.on('message', () => {
      heard = [runtime() === other, currentStrand()]
    }),
  )
  await withRuntime(one, () =>
    withStrand(new Strand('a call', undefined), () => {
      near.postMessage('here')
      road.arrive()
    }),
  )
  assert.deepEqual(heard, [true, undefined])
})
