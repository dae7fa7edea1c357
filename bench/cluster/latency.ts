/**
 * How long one takes, not how many there are in a second: an entity's ask beside a bare request of
 * NATS, a large result beside the same from a process, and how soon a task runs again whose worker
 * was killed.
 */
import { loadNats } from '../../src/cluster/nats/load.ts'
import { cluster } from '../../src/cluster.ts'
import { type Executor, processes } from '../../src/index.ts'
import { WorkerProgram } from './servers.ts'
import { bytesOf, Echo, secondRun } from './tasks.ts'

const asks = 5_000
const warmUp = 2_000
const largeCalls = 20
const text = 'x'.repeat(128)

const up = (one: number, other: number) => one - other
const at = (values: readonly number[], share: number): number =>
  [...values].sort(up)[Math.floor(values.length * share)] as number
const rounded = (values: readonly number[]): string => values.map(value => value.toFixed(3)).join(' ')

/** One after the other, each timed. */
async function timesOf(ask: () => Promise<unknown>, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const startedMs = performance.now()
    await ask()
    times.push(performance.now() - startedMs)
  }
  return times
}

/** Each result is another one, so that none is there already. */
export async function largeResults(servers: string, rounds: number): Promise<void> {
  const namespace = 'bench-large'
  await using _worker = await WorkerProgram.start('./atonce-worker.ts', servers, namespace, '4')
  await using jobs = cluster({ servers, namespace })
  await using pool = processes({ workers: 1 })
  console.log(`a call with a large result, the middle of ${largeCalls} in each round, in ms`)
  let value = 0
  for (const kib of [128, 512, 1_024, 8_192]) {
    const callOn = (on: Executor) => async () => {
      value += 1
      const bytes = await on.run(bytesOf, kib * 1_024, value % 256)
      if (bytes.length !== kib * 1_024 || bytes.at(-1) !== value % 256) throw new Error('another result')
    }
    const times = new Map<Executor, number[]>([jobs, pool].map(on => [on, []]))
    for (let round = 0; round <= rounds; round += 1)
      for (const [on, all] of times) {
        const middle = at(await timesOf(callOn(on), largeCalls), 0.5)
        if (round > 0) all.push(middle) // The first one is warm afterwards.
      }
    const told = (on: Executor) => rounded([...(times.get(on) ?? [])].sort(up))
    console.log(`  ${kib} KiB: on a server ${told(jobs)}; from a process ${told(pool)}`)
  }
}

/** Both go to a program of their own, with 128 letters and back; in turns, both warm. */
export async function askBesideRequest(servers: string, rounds: number): Promise<void> {
  const namespace = 'bench-ask'
  await using _worker = await WorkerProgram.start('./atonce-worker.ts', servers, namespace, '4')
  await using _echo = await WorkerProgram.start('./echo.ts', servers)
  await using jobs = cluster({ servers, namespace })
  const echo = jobs.entity(Echo, 'one')
  const nats = await loadNats()
  const connection = (await nats.connect({ servers })) as unknown as Bare
  const bytes = Buffer.from(text)
  const bare = () => connection.request('bench.echo', bytes, { timeout: 5_000 })
  const ask = () => echo.ask.same(text)
  await timesOf(bare, warmUp)
  await timesOf(ask, warmUp)
  const bares: number[] = []
  const owns: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    bares.push(at(await timesOf(bare, asks), 0.5))
    owns.push(at(await timesOf(ask, asks), 0.5))
  }
  await connection.close()
  const ratios = owns.map((own, round) => own / (bares[round] as number))
  console.log(`one at a time, 128 letters there and back, the middle of ${asks} in each round, in ms`)
  console.log(`  bare request       ${rounded(bares)}`)
  console.log(`  an entity's ask    ${rounded(owns)}`)
  console.log(`  the ask as a multiple of the request: ${at(ratios, 0.5).toFixed(2)} [${rounded(ratios)}]`)
}

interface Bare {
  request(subject: string, bytes: Uint8Array, options: { timeout: number }): Promise<unknown>
  close(): Promise<void>
}

/**
 * From the kill of the worker to the moment when another one calls the task, on the one clock of
 * this machine.
 */
export async function againAfterKill(servers: string, rounds: number): Promise<void> {
  const leaseMs = 2_000
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const namespace = `bench-kill-${round}`
    const start = () => WorkerProgram.start('./atonce-worker.ts', servers, namespace, '4', `${leaseMs}`)
    const first = await start()
    await using jobs = cluster({ servers, namespace, leaseMs })
    const handle = await jobs.submit(secondRun, [])
    while ((await jobs.status()).nodes[0]?.running !== 1)
      await new Promise(resolve => setTimeout(resolve, 20))
    await using _second = await start()
    // At another moment between two signs of life each time.
    await new Promise(resolve => setTimeout(resolve, (leaseMs * (round + 1)) / rounds))
    const killedMs = Date.now()
    await first[Symbol.asyncDispose]()
    times.push((await handle.result()) - killedMs)
  }
  const leases = times.map(ms => ms / leaseMs)
  console.log(`a task runs again after its worker was killed, in leases (${leaseMs} ms)`)
  console.log(
    `  middle ${at(leases, 0.5).toFixed(2)}, most ${Math.max(...leases).toFixed(2)} [${rounded(leases)}]`,
  )
}
