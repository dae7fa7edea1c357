/**
 * What a transfer costs by locks and by actors, in CPU time of all threads:
 * `node gallery/actor-bank/compare.ts`.
 */
import { type Executor, threads } from '../../src/index.ts'
import { Mutex, SharedArray } from '../../src/sync.ts'
import { transferOrdered } from '../bank/tasks.ts'
import { expected, runBank } from './bank.ts'

/** Two accounts pay each other, on as many threads, a lock for each account. @throws Error */
export async function payByLocks(pool: Executor, transfers: number): Promise<void> {
  const accounts = SharedArray.from('f64', [100, 100])
  const locks = [new Mutex(), new Mutex()]
  const times = transfers / 2
  await Promise.all([
    pool.run(transferOrdered, accounts, locks, 0, 1, times),
    pool.run(transferOrdered, accounts, locks, 1, 0, times),
  ])
  checkBalances([...accounts], transfers)
}

/**
 * The same two accounts as actors, each with its journal; here if `on` is left out. @throws Error
 */
export async function payByActors(on: Executor | undefined, transfers: number): Promise<void> {
  const { balances } = await runBank({ ...(on === undefined ? {} : { on }), accounts: 2, transfers })
  checkBalances(balances, transfers)
}

function checkBalances(balances: readonly number[], transfers: number): void {
  if (balances.join() !== expected(2, transfers).join())
    throw new Error(
      `${balances.join(' ')} after ${transfers} transfers, instead of ${expected(2, transfers)}`,
    )
}

/**
 * Microseconds of CPU time for each transfer: what so many cost more than a tenth of them, so that
 * starting and stopping count for nothing. The median of so many rounds.
 */
async function cpuOfEach(
  pay: (transfers: number) => Promise<void>,
  transfers: number,
  rounds: number,
): Promise<number> {
  const cpuOf = async (count: number) => {
    const before = process.cpuUsage()
    await pay(count)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  await pay(transfers)
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const few = await cpuOf(transfers / 10)
    costs.push(((await cpuOf(transfers)) - few) / (0.9 * transfers))
  }
  return costs.toSorted((a, b) => a - b)[rounds >> 1] as number
}

if (import.meta.main) {
  await using pool = threads({ workers: 2 })
  const locks = await cpuOfEach(transfers => payByLocks(pool, transfers), 200_000, 5)
  const rows = [
    ['two locks on shared memory', locks],
    ['actors here, each with its journal', await cpuOfEach(n => payByActors(undefined, n), 2_000, 5)],
    ['actors on threads, each with its journal', await cpuOfEach(n => payByActors(pool, n), 2_000, 5)],
  ] as const
  for (const [way, cost] of rows)
    console.log(`${way.padEnd(42)} ${cost.toFixed(2).padStart(8)} µs   ${(cost / locks).toFixed(0)} times`)
}
