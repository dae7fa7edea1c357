/**
 * Closes an executor in one of four ways while it works, and tells what came of what it had
 * accepted.
 */
import { Channel, coroutines, type Executor, isWorker, processes, threads } from '../../src/index.ts'
import { count, fill, nest, slow } from './tasks.ts'

const makers = { coroutines, threads, processes }
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n)

/** Accepts work of every kind; resolves to what came of it. */
async function work(pool: Executor): Promise<Record<string, unknown>> {
  const channel = new Channel<number>(1)
  const received: number[] = []
  const receiving = (async () => {
    for await (const n of channel) received.push(n)
  })()
  const stream = pool.stream(count, 20)
  const first = stream.next() // It is accepted when its first value is asked for.
  const streaming = (async () => {
    const values = [(await first).value]
    for await (const n of stream) values.push(n)
    return values
  })()
  const taken = pool.map(slow, numbers(40))
  const taking = (async () => {
    const values: number[] = []
    for await (const n of taken) values.push(n)
    return values
  })()
  const unasked = pool.map(slow, numbers(60)) // Nobody says how it wants the results before the executor closes.
  const outcomes = {
    run: Promise.all(numbers(20).map(n => pool.run(slow, n))),
    map: pool.map(slow, numbers(100)),
    'map, iterated': taking,
    stream: streaming,
    loan: pool
      .run(fill, 20, channel.sender)
      .then(() => channel.close())
      .then(() => receiving)
      .then(() => received),
    nested: pool.run(nest, 4),
  }
  const told = Object.fromEntries(
    await Promise.all(
      Object.entries(outcomes).map(async ([kind, outcome]) => [
        kind,
        await Promise.resolve(outcome).catch((error: Error) => String(error)),
      ]),
    ),
  )
  return { ...told, 'map, not asked for yet': await Promise.resolve(unasked).catch(String) }
}

async function main(model: keyof typeof makers, how: string): Promise<void> {
  const options = { closeGraceMs: 60_000 }
  const make = () =>
    model === 'coroutines' ? coroutines(options) : makers[model]({ workers: 2, ...options })
  let working: Promise<Record<string, unknown>>
  if (how === 'block') {
    await using pool = make()
    working = work(pool)
  } else if (how === 'close') {
    const pool = make()
    working = work(pool)
    await pool.close({ graceMs: 60_000 })
  } else {
    const pool = make()
    const closed = new Promise<void>(resolve => {
      process.once(how as NodeJS.Signals, () => resolve(pool.close()))
    })
    await pool.run(slow, 0)
    working = work(pool)
    process.send?.({ working: true })
    await closed
  }
  process.send?.({ outcomes: await working })
  process.disconnect?.()
}

if (!isWorker) await main(process.argv[2] as keyof typeof makers, process.argv[3] as string)
