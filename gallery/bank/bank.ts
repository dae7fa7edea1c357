/** Two threads move money to and fro between two accounts: `node gallery/bank/bank.ts`. */
import { threads } from '../../src/index.ts'
import { Barrier, Mutex, SharedArray } from '../../src/sync.ts'
import { transferCrossed, transferLocked, transferOrdered, transferRacy } from './tasks.ts'

export interface BankReport {
  /** What was in both accounts together at the beginning, and is to be there at each end. */
  readonly total: number
  /**
   * What was there after transfers without a lock; any other number than `total` was made of
   * nothing, or is lost.
   */
  readonly racy: number
  readonly locked: number
  readonly ordered: number
  readonly crossed: number
  /** What the library said of the threads that waited for each other. */
  readonly deadlock: string
}

/** Does `times` transfers in each direction, in each of the ways. */
export async function runBank(times: number): Promise<BankReport> {
  const pool = threads({ workers: 2 })
  try {
    const [bank, locks] = [
      new Mutex({ name: 'the bank' }),
      [0, 1].map(number => new Mutex({ name: `account ${number}` })),
    ]
    const opened = () => SharedArray.from('f64', [1_000, 1_000])
    const sum = (accounts: SharedArray) => [...accounts].reduce((total, balance) => total + balance)
    const [racy, locked, ordered, crossed] = [opened(), opened(), opened(), opened()]
    const bothWays = (way: (from: number, to: number) => PromiseLike<unknown>) =>
      Promise.all([way(0, 1), way(1, 0)])

    const together = new Barrier(2)
    // On a machine that has one core to spare, a whole round may pass without a race.
    for (let round = 0; round < 20 && sum(racy) === sum(opened()); round += 1)
      await bothWays((from, to) => pool.run(transferRacy, racy, together, from, to, times))
    await bothWays((from, to) => pool.run(transferLocked, locked, bank, from, to, times))
    await bothWays((from, to) => pool.run(transferOrdered, ordered, locks, from, to, times))
    const said = await bothWays((from, to) => pool.run(transferCrossed, crossed, locks, together, from, to))
    return {
      total: sum(opened()),
      racy: sum(racy),
      locked: sum(locked),
      ordered: sum(ordered),
      crossed: sum(crossed),
      deadlock: said.join(''),
    }
  } finally {
    await pool.close()
  }
}

if (import.meta.main) {
  const { total, racy, locked, ordered, crossed, deadlock } = await runBank(1_000_000)
  const shown = (sum: number) =>
    sum === total ? `${sum}, as it should be` : `${sum}: ${sum - total} of it are wrong`
  console.log(`without a lock:               ${shown(racy)}`)
  console.log(`one lock for the bank:        ${shown(locked)}`)
  console.log(`a lock each, in order:        ${shown(ordered)}`)
  console.log(`a lock each, in any order:    ${shown(crossed)}, after this:\n\n${deadlock}`)
}
