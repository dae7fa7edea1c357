/**
 * The bank in processes, each of which may be killed at any time:
 * `node gallery/actor-bank/kill.ts 200` kills 200 times.
 */
import { processes } from '../../src/index.ts'
import { type AccountRef, expected, type Point, runBank } from './bank.ts'

/** @throws when money was lost or doubled */
export async function runKilled(kills: number): Promise<{ killed: number; repeats: number }> {
  const [accounts, transfers] = [4, Math.max(40, kills * 2)]
  const on = processes({ workers: 2 })
  const points: readonly Point[] = ['before', 'sent', 'answered']
  const pids = new Map<AccountRef, number>()
  let killed = 0
  const at = async (number: number, point: Point, account: AccountRef): Promise<void> => {
    if (killed >= kills || number % 3 !== 0 || point !== points[(number / 3) % 3]) return
    killed += 1
    // At `sent` the message must still be under way, so nothing is asked first.
    const pid = point === 'sent' ? pids.get(account) : await account.ask.where().catch(() => undefined)
    if (pid === undefined || pid === process.pid) return
    pids.clear()
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It was killed a moment ago.
    }
  }
  const before = async (number: number, point: Point, account: AccountRef): Promise<void> => {
    if (point === 'before' && !pids.has(account)) {
      const pid = await account.ask.where().catch(() => undefined)
      if (pid !== undefined) pids.set(account, pid)
    }
    await at(number, point, account)
  }
  const { balances, repeats } = await runBank({ on, accounts, transfers, at: before })
  await on.close()
  if (balances.join() !== expected(accounts, transfers).join())
    throw new Error(`${balances.join(' ')} instead of ${expected(accounts, transfers).join(' ')}`)
  return { killed, repeats }
}

if (import.meta.main) {
  const { killed, repeats } = await runKilled(Number(process.argv[2] ?? 200))
  console.log(`${killed} workers killed, ${repeats} bookings asked for again, no money lost or made`)
}
