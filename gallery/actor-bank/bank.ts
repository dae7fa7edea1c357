/**
 * Money goes round among accounts that are actors, each with its journal: the same program with
 * them here, on threads and in processes.
 *
 *     transfer ─▶ book at the payer ─▶ book at the payee ─▶ done       an ask fails? the same booking again, by its id
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActorDiedError, type Ref, supervisor } from '../../src/actors.ts'
import { type Executor, processes, TimeoutError, threads } from '../../src/index.ts'
import { Account } from './account.ts'

export type AccountRef = Ref<InstanceType<typeof Account>>

/** A point of the run at which something may die. */
export type Point = 'before' | 'sent' | 'answered'

export interface BankOptions {
  /** Where the accounts live; here if it is left out. */
  readonly on?: Executor
  readonly accounts?: number
  readonly transfers?: number
  /** Is called at each point of each booking, the `number`th of the run. */
  readonly at?: (number: number, point: Point, account: AccountRef) => unknown
}

export interface Balances {
  readonly balances: readonly number[]
  /** How often a booking had to be asked for again. */
  readonly repeats: number
}

const opening = 100

/**
 * What each account must hold in the end: `transfers` of 1 from account n to n + 1, round and
 * round.
 */
export function expected(accounts: number, transfers: number): number[] {
  const paid = (account: number) => Math.floor((transfers - 1 - account) / accounts) + 1
  return Array.from(
    { length: accounts },
    (_, at) => opening - paid(at) + paid((at + accounts - 1) % accounts),
  )
}

export async function runBank({
  on,
  accounts = 4,
  transfers = 100,
  at,
}: BankOptions = {}): Promise<Balances> {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-bank-'))
  const tree = supervisor({ name: 'bank', maxRestarts: 1_000_000 })
  try {
    const refs = await Promise.all(
      Array.from({ length: accounts }, (_, n) =>
        tree.start(Account, [join(folder, `${n}.journal`)], on === undefined ? {} : { on }),
      ),
    )
    let number = 0
    let repeats = 0
    const book = async (account: AccountRef, id: string, amount: number): Promise<void> => {
      number += 1
      const mine = number
      await at?.(mine, 'before', account)
      for (;;) {
        const booked = account.with({ timeoutMs: 60_000 }).ask.book(id, amount)
        void at?.(mine, 'sent', account)
        try {
          await booked
          break
        } catch (error) {
          if (!(error instanceof ActorDiedError || error instanceof TimeoutError)) throw error
          repeats += 1
        }
      }
      await at?.(mine, 'answered', account)
    }
    for (const [n, ref] of refs.entries()) await book(ref, `opening ${n}`, opening)
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let n = lane; n < transfers; n += 4) {
        await book(refs[n % accounts] as AccountRef, `${n} out`, -1)
        await book(refs[(n + 1) % accounts] as AccountRef, `${n} in`, 1)
      }
    })
    await Promise.all(lanes)
    return { balances: await Promise.all(refs.map(ref => ref.ask.balance())), repeats }
  } finally {
    await tree.stop()
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) {
  for (const [where, on] of [
    ['here', undefined],
    ['on threads', threads({ workers: 2 })],
    ['in processes', processes({ workers: 2 })],
  ] as const) {
    const { balances } = await runBank(on === undefined ? {} : { on })
    console.log(`${where}: ${balances.join(' + ')} = ${balances.reduce((sum, one) => sum + one, 0)}`)
    await on?.close()
  }
}
