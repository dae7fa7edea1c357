/**
 * Items through a bounded queue on one event loop, one sender that awaits each send and one receiver: Channel, a queue of Effect,
 * Python's asyncio.Queue; in turns. The same with one end on another thread, and
 * in another process. Also a bare loop of as many awaits, which nothing that waits can beat.
 *
 *     npm --prefix bench ci && node bench/structured/channel.ts
 */
import { execFileSync } from 'node:child_process'
import { Effect, Fiber, Queue } from 'effect'
import { median } from 'simple-statistics'
import { Channel } from '../../src/channel/channel.ts'
import { processes } from '../../src/processes/processes.ts'
import { sendNumbers, sumUp } from '../../src/testing/lent-tasks.ts'
import { threads } from '../../src/threads/threads.ts'

const items = 500_000
const turns = 9

async function through(capacity: number): Promise<void> {
  const channel = new Channel<number>(capacity)
  let sum = 0
  const receiving = (async () => {
    for await (const item of channel) sum += item
  })()
  for (let item = 0; item < items; item += 1) await channel.send(item)
  channel.close()
  await receiving
  check(sum)
}

function check(sum: number, count = items): void {
  if (sum !== (count * (count - 1)) / 2) throw new Error(`items were lost: ${sum}`)
}

await using thread = threads({ workers: 1 })
await using other = processes({ workers: 1 })

async function into(pool: typeof thread, capacity: number, count = items): Promise<void> {
  const channel = new Channel<number>(capacity)
  const summing = pool.run(sumUp, channel.receiver)
  for (let item = 0; item < count; item += 1) await channel.send(item)
  channel.close()
  check(await summing, count)
}

async function outOf(pool: typeof thread, capacity: number, count = items): Promise<void> {
  const channel = new Channel<unknown>(capacity)
  const sending = pool.run(sendNumbers, channel.sender, 0, count, 'close')
  let sum = 0
  for await (const item of channel) sum += item as number
  check(sum, count)
  await sending
}

/** Where each item waits for its message, fewer are enough. */
const slowItems = items / 25

const ready = Promise.resolve()
const contenders: Record<string, () => unknown> = {
  'Channel(1000), for await': () => through(1_000),
  'Channel(16), for await': () => through(16),
  'Channel(1), for await': () => through(1),
  'Channel(0), for await': () => through(0),
  'Channel(1000), receiver on a thread': () => into(thread, 1_000),
  'Channel(1000), receiver in a process': () => into(other, 1_000),
  'Channel(1000), sender on a thread': () => outOf(thread, 1_000),
  'Channel(1000), sender in a process': () => outOf(other, 1_000),
  'Channel(16), receiver on a thread': () => into(thread, 16),
  'Channel(16), receiver in a process': () => into(other, 16),
  'Channel(16), sender on a thread': () => outOf(thread, 16),
  'Channel(16), sender in a process': () => outOf(other, 16),
  'Channel(0), receiver on a thread': () => into(thread, 0, slowItems),
  'Channel(0), receiver in a process': () => into(other, 0, slowItems),
  'Channel(0), sender on a thread': () => outOf(thread, 0, slowItems),
  'Channel(0), sender in a process': () => outOf(other, 0, slowItems),
  'two bare awaits an item': async () => {
    let sum = 0
    for (let item = 0; item < items; item += 1) {
      await ready
      sum += await item
    }
    check(sum)
  },
  'Effect, Queue.bounded(1000)': () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const queue = yield* Queue.bounded<number>(1_000)
        let sum = 0
        const receiving = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (let count = 0; count < items; count += 1) sum += yield* Queue.take(queue)
          }),
        )
        for (let item = 0; item < items; item += 1) yield* Queue.offer(queue, item)
        yield* Fiber.join(receiving)
        check(sum)
      }),
    ),
}

const python = `
import asyncio, time
async def main():
    queue = asyncio.Queue(1000)
    async def receive():
        for _ in range(${items}): await queue.get()
    start = time.perf_counter()
    receiving = asyncio.create_task(receive())
    for item in range(${items}): await queue.put(item)
    await receiving
    print((time.perf_counter() - start) * 1e9 / ${items})
asyncio.run(main())`

const countOf = (name: string) => (/^Channel\(0\), (receiver|sender) /.test(name) ? slowItems : items)
const figures = new Map<string, number[]>()
const note = (name: string, ns: number) => figures.set(name, [...(figures.get(name) ?? []), ns])
for (let turn = 0; turn < turns; turn += 1) {
  for (const [name, run] of Object.entries(contenders)) {
    const begun = performance.now()
    await run()
    note(name, ((performance.now() - begun) * 1e6) / countOf(name))
  }
  if (turn < 3) {
    try {
      note(
        'Python, asyncio.Queue(1000)',
        Number(execFileSync('python3', ['-c', python], { encoding: 'utf8' })),
      )
    } catch {
      // No python3 here: its line is left out.
    }
  }
}

for (const [name, ns] of figures) {
  const spread = `${(1e3 / Math.max(...ns)).toFixed(3)}–${(1e3 / Math.min(...ns)).toFixed(3)}`
  console.log(`${(1e3 / median(ns)).toFixed(3).padStart(7)} M items/s (${spread}): ${name}`)
}
