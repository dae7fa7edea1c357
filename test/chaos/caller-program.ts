/**
 * A caller that the chaos run kills, freezes and cuts off: submits all sorts of tasks, and writes
 * down what was acknowledged to it, until it is told to end. Arguments: servers, namespace, lease,
 * name, seed.
 */
import { type Cluster, cluster } from '../../src/cluster.ts'
import { note } from './ledger.ts'
import { randomOf } from './random.ts'
import * as tasks from './tasks.ts'

const [servers = '', namespace = '', leaseMs = '', name = '', seed = ''] = process.argv.slice(2)
const random = randomOf(Number(seed))
const lines = 48
let numbered = 0
let ending = false

process.on('message', message => {
  if (message === 'end') ending = true
})
const orphaned = () => process.exit(1)
process.on('disconnect', orphaned)

const jobs = cluster({ servers, namespace, leaseMs: Number(leaseMs), connectTimeoutMs: 30_000, name })
process.send?.('up')
await Promise.all(Array.from({ length: lines }, line))
await jobs.close({ graceMs: 60_000 })
process.off('disconnect', orphaned)
process.disconnect()

async function line(): Promise<void> {
  while (!ending) {
    numbered += 1
    const id = `${name}-${numbered}`
    try {
      await act(jobs, id, random())
    } catch (error) {
      expected(error)
    }
  }
}

/** One thing that a program does with the cluster. */
async function act(on: Cluster, id: string, chance: number): Promise<void> {
  if (chance < 0.75) return await submitted(on, id, 'work')
  if (chance < 0.85) return await submitted(on, id, 'once')
  if (chance < 0.88) return await submitted(on, id, 'flaky')
  if (chance < 0.89) return await submitted(on, id, 'doomed')
  if (chance < 0.94) return await cancelled(on, id)
  if (chance < 0.97) return await unkept(on, id)
  if (chance < 0.98) return await twice(on, id)
  if (chance < 0.995) {
    const { id: of } = await on.run(tasks.work, `${id}.run`, 0)
    if (of !== `${id}.run`) note('wrong', `${id}.run returned what ${of} did`)
    return
  }
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  const squares = await on.map(tasks.square, numbers)
  if (squares.some((square, n) => square !== n * n)) note('wrong', `map ${id} returned ${squares}`)
}

async function submitted(on: Cluster, id: string, kind: 'work' | 'once' | 'flaky' | 'doomed'): Promise<void> {
  const ms = msOf()
  // Too long for a message: it lies in pieces.
  const ballast = random() < 0.004 ? new Uint8Array(300_000).fill(7) : undefined
  const priority = Math.floor(random() * 3) - 1
  if (kind === 'work') await on.submit(tasks.work, [id, ms, ballast], { id, priority })
  else if (kind === 'once') await on.submit(tasks.once, [id, ms], { id })
  else if (kind === 'flaky') await on.submit(tasks.flaky, [id], { id, retries: 8, retryDelayMs: 20 })
  else await on.submit(tasks.doomed, [id], { id })
  acknowledged(id, kind)
  if (random() > 0.1) return
  await on.result<tasks.Ran>(id).then(
    ({ token }) => note('saw', id, token),
    error => note('saw', id, codeOf(error)),
  )
}

async function cancelled(on: Cluster, id: string): Promise<void> {
  const { cancel } = await on.submit(random() < 0.5 ? tasks.work : tasks.once, [id, 20], { id })
  acknowledged(id, 'cancellable')
  if (await cancel()) note('cancel', id)
}

async function unkept(on: Cluster, id: string): Promise<void> {
  await on.submit(tasks.work, [id, 0], { id, results: 'none', delayMs: random() < 0.2 ? 500 : 0 })
  acknowledged(id, 'unkept')
}

/** The same id again is the same task. */
async function twice(on: Cluster, id: string): Promise<void> {
  await Promise.all([on.submit(tasks.once, [id, 0], { id }), on.submit(tasks.once, [id, 0], { id })])
  acknowledged(id, 'once')
}

/** Most tasks are short; one in a thousand outlasts its lease. */
function msOf(): number {
  const chance = random()
  if (chance < 0.001) return 1.5 * Number(leaseMs)
  return chance < 0.2 ? Math.floor(random() * 20) : 0
}

function acknowledged(id: string, kind: string): void {
  note('ack', id, kind)
  process.send?.(1)
}

/** What may happen to a caller while all around it dies; anything else is wrong. */
function expected(error: unknown): void {
  const code = codeOf(error)
  const allowed = ['ATONCE_SUBMIT_UNKNOWN', 'ATONCE_ENGINE_UNAVAILABLE', 'ATONCE_NODE_LOST']
  if (!allowed.includes(code))
    note('wrong', `${name} was told ${String((error as Error).stack ?? error).replaceAll('\n', ' | ')}`)
}

function codeOf(error: unknown): string {
  const { code, name: kind } = error as { code?: unknown; name?: unknown }
  return String(typeof code === 'string' ? code : kind)
}
