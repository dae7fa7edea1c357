/**
 * Whatever senders and receivers do beside each other, and whoever gives up: each accepted item is
 * received once, in its sender's order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChannelClosedError } from '../errors.ts'
import { simulate } from '../runtime/simulate.ts'
import { Channel } from './channel.ts'
import { select } from './select.ts'

/** What each sender and receiver does, step by step. */
const history = fc.record({
  seed: fc.nat(),
  capacity: fc.nat(3),
  /** After how many ms each wait to send is given up; undefined for never. */
  senders: fc.array(fc.array(fc.option(fc.nat(4), { nil: undefined }), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 4,
  }),
  receivers: fc.array(
    fc.record({
      by: fc.constantFrom('receive', 'try', 'loop', 'select'),
      giveUpMs: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  pauses: fc.infiniteStream(fc.nat(2)),
})

test('every item that was accepted is received exactly once, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(history, ({ seed, capacity, senders, receivers, pauses }) =>
      simulate(
        async () => {
          const channel = new Channel<string>(capacity)
          const other = new Channel<string>(0)
          const accepted: string[] = []
          const received: string[] = []
          const byReceiver = receivers.map((): string[] => [])
          const pause = () => ticks(pauses.next().value ?? 0)
          const sending = senders.map(async (steps, name) => {
            for (const [n, giveUpMs] of steps.entries()) {
              await pause()
              const item = `${name}:${n}`
              try {
                if (n % 3 === 2) {
                  await select([channel.sending(item), other.receiving()], { timeoutMs: giveUpMs })
                } else await channel.send(item, { timeoutMs: giveUpMs })
                accepted.push(item)
              } catch (error) {
                assert.match((error as Error).name, /TimeoutError/)
              }
              assert.ok(channel.size <= capacity, 'more than fit')
            }
          })
          const receiving = receivers.map(async ({ by, giveUpMs }, at) => {
            const note = (item: string) => {
              assert.ok(channel.size <= capacity, 'more than fit')
              received.push(item)
              byReceiver[at]?.push(item)
            }
            // At least one never gives up, so that every item finds somebody.
            const timeoutMs = at === 0 ? undefined : giveUpMs
            try {
              for (;;) {
                await pause()
                if (by === 'loop') for await (const item of channel.values({ timeoutMs })) note(item)
                if (by === 'loop') return
                if (by === 'try') {
                  const found = channel.tryReceive()
                  if (found !== undefined) note(found.value)
                  else note(await channel.receive({ timeoutMs }))
                } else if (by === 'select') {
                  await select([channel.receiving(note), other.receiving(note)], { timeoutMs })
                } else note(await channel.receive({ timeoutMs }))
              }
            } catch (error) {
              if (!(error instanceof ChannelClosedError)) assert.match((error as Error).name, /TimeoutError/)
            }
          })
          await Promise.all(sending)
          await channel.drained()
          channel.close()
          await Promise.all(receiving)
          assert.deepEqual(received.toSorted(), accepted.toSorted())
          // Several receivers may go on in any order; what one of them gets comes in the order in
          // which it was sent.
          for (const items of byReceiver) {
            const places = new Map<string, number>()
            for (const [name, n] of items.map(item => item.split(':') as [string, string])) {
              assert.ok(Number(n) > (places.get(name) ?? -1), String(items))
              places.set(name, Number(n))
            }
          }
          assert.deepEqual([channel.size, channel.sendersWaiting, channel.receiversWaiting], [0, 0, 0])
        },
        { seed, report: () => {} },
      ),
    ),
    { numRuns: 300 },
  )
})

/** Lets others go first, a number of times. */
async function ticks(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await Promise.resolve()
}
