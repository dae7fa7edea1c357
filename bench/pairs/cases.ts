/**
 * What one small call or item of a channel costs, model by model. The same file is the program that
 * is measured and the module of its tasks; which build of atonce it uses is told by the
 * environment.
 */
import type { Receiver, Sender } from 'atonce'
import { loaded } from '../speed/repeat.ts'

const { Channel, coroutines, processes, task, threads } = (await import(
  process.env['ATONCE_BUILD'] ?? 'atonce'
)) as typeof import('atonce')

export const identity = task(import.meta, function identity(n: number): number {
  return n
})

export const sumUp = task(import.meta, async function sumUp(receiver: Receiver<number>): Promise<number> {
  let sum = 0
  for await (const item of receiver) sum += item
  return sum
})

export const sendNumbers = task(
  import.meta,
  async function sendNumbers(sender: Sender<number>, items: number): Promise<void> {
    for (let item = 0; item < items; item += 1) await sender.send(item)
    sender.close()
  },
)

type Executor = ReturnType<typeof coroutines>

/** Bodies of work: what one does once, and how many calls or items are in it. */
interface Body {
  readonly calls: number
  run(executor: Executor): Promise<unknown>
}

const one: Body = {
  calls: 2_000,
  async run(executor) {
    for (let n = 0; n < 2_000; n += 1) await executor.run(identity, n)
  },
}
const burst: Body = {
  calls: 20_000,
  run: executor => Promise.all(Array.from({ length: 20_000 }, (_, n) => executor.run(identity, n))),
}
const inFlight: Body = {
  calls: 20_032,
  run: executor =>
    Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let n = 0; n < 313; n += 1) await executor.run(identity, n)
      }),
    ),
}
const inputs = Array.from({ length: 100_000 }, (_, n) => n)
const map: Body = { calls: inputs.length, run: executor => executor.map(identity, inputs) }

/** Items through a channel to a worker: each is a call. */
const to = (capacity: number, items: number): Body => ({
  calls: items,
  async run(executor) {
    const channel = new Channel<number>(capacity)
    const sum = executor.run(sumUp, channel.receiver)
    for (let item = 0; item < items; item += 1) await channel.send(item)
    channel.close()
    await sum
  },
})
/** The same from a worker. */
const from = (capacity: number, items: number): Body => ({
  calls: items,
  async run(executor) {
    const channel = new Channel<number>(capacity)
    const sent = executor.run(sendNumbers, channel.sender, items)
    for await (const _ of channel);
    await sent
  },
})

const loop = (): Executor => coroutines()
const onThreads = (): Executor => threads({ workers: 2, minWorkers: 2 })
const onProcesses = (): Executor => processes({ workers: 2, minWorkers: 2 })

export const cases: Readonly<Record<string, readonly [open: () => Executor, body: Body]>> = {
  'loop, one': [loop, one],
  'loop, burst': [loop, burst],
  'loop, map': [loop, map],
  'threads, one': [onThreads, one],
  'threads, burst': [onThreads, burst],
  'threads, 64 in flight': [onThreads, inFlight],
  'threads, map': [onThreads, map],
  'threads, channel of 16 to': [onThreads, to(16, 20_000)],
  'threads, channel of 16 from': [onThreads, from(16, 20_000)],
  'threads, channel of 1000 to': [onThreads, to(1_000, 100_000)],
  'threads, rendezvous to': [onThreads, to(0, 1_000)],
  'processes, one': [onProcesses, one],
  'processes, burst': [onProcesses, burst],
  'processes, map': [onProcesses, map],
}

/** What one turn of a case tells: µs of CPU and of wall time for each call. */
export interface Turn {
  readonly cpuUs: number
  readonly wallUs: number
}

/** Warms the case up for `ms`, then measures it for `ms`. */
async function turn(name: string, ms: number): Promise<Turn> {
  const [open, body] = cases[name] as (typeof cases)[string]
  const executor = open()
  await repeatFor(executor, body, ms)
  const { answer: calls, wallMs, load } = await loaded(() => repeatFor(executor, body, ms))
  await executor.close()
  return { cpuUs: load(calls).cpuUs ?? Number.NaN, wallUs: (wallMs * 1_000) / calls }
}

async function repeatFor(executor: Executor, body: Body, ms: number): Promise<number> {
  const end = performance.now() + ms
  let calls = 0
  do {
    await body.run(executor)
    calls += body.calls
  } while (performance.now() < end)
  return calls
}

const [name, ms] = process.argv.slice(2)
if (import.meta.main && name !== undefined) {
  console.log(JSON.stringify(await turn(name, Number(ms))))
}
