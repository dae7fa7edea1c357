/**
 * The same bank with its accounts as entities on three nodes, one of which is killed midway.
 *
 *     transfer ─▶ book at the payer ─▶ book at the payee ─▶ done       a node dies? the entity goes on elsewhere
 *
 *     node gallery/actor-bank/entities.ts
 */
import { type Cluster, cluster } from '../../src/cluster.ts'
import { startNodes } from '../nodes/nodes.ts'
import { expected } from './bank.ts'
import { SharedAccount } from './shared-account.ts'

const opening = 100

export interface EntityBankOptions {
  /** Accounts of other names are other accounts. */
  readonly name: string
  readonly accounts?: number
  readonly transfers?: number
  /** Called when that many transfers are done. */
  readonly at?: (done: number) => unknown
}

/** The balances after `transfers` of 1 from account n to n + 1, round and round. */
export async function runEntityBank(
  jobs: Cluster,
  { name, accounts = 4, transfers = 100, at }: EntityBankOptions,
): Promise<number[]> {
  const all = Array.from({ length: accounts }, (_, n) =>
    jobs.entity(SharedAccount, `${name} ${n}`).with({ timeoutMs: 60_000 }),
  )
  const book = (n: number, amount: number) => all[n % accounts]?.ask.book(amount)
  await Promise.all(all.map((_, n) => book(n, opening)))
  let done = 0
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let n = lane; n < transfers; n += 4) {
      await book(n, -1)
      await book(n + 1, 1)
      done += 1
      await at?.(done)
    }
  })
  await Promise.all(lanes)
  return await Promise.all(all.map(account => account.ask.book(0)))
}

if (import.meta.main) {
  await using nodes = await startNodes({ count: 3 })
  await using jobs = cluster({ servers: nodes.servers, leaseMs: nodes.leaseMs })
  const balances = await runEntityBank(jobs, {
    name: 'main',
    transfers: 400,
    at: done => (done === 200 ? nodes.kill(0) : undefined),
  })
  const isRight = balances.join() === expected(4, 400).join()
  console.log(
    `on three nodes, one of them killed: ${balances.join(' + ')}, ${isRight ? 'as it must be' : 'WRONG'}`,
  )
  if (!isRight) process.exitCode = 1
}
