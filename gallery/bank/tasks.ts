/**
 * Four ways to move money between accounts on shared memory: one that loses it, two that keep it,
 * one that gets stuck.
 */
import { DeadlockError, task } from '../../src/index.ts'
import type { Barrier, Mutex, SharedArray } from '../../src/sync.ts'

type Accounts = SharedArray<'f64'>

/** Reads, changes and writes: what another thread does in between is lost. */
export function move(accounts: Accounts, from: number, to: number, amount: number): void {
  accounts.view[from] = (accounts.view[from] as number) - amount
  accounts.view[to] = (accounts.view[to] as number) + amount
}

export const transferRacy = task(
  import.meta,
  (accounts: Accounts, start: Barrier, from: number, to: number, times: number): void => {
    start.waitSync() // Else the first could be done before the other one begins.
    for (let done = 0; done < times; done += 1) move(accounts, from, to, 1)
  },
)

/** One lock for the whole bank. */
export const transferLocked = task(
  import.meta,
  (accounts: Accounts, bank: Mutex, from: number, to: number, times: number): void => {
    for (let done = 0; done < times; done += 1) {
      const guard = bank.acquireSync()
      try {
        move(accounts, from, to, 1)
      } finally {
        guard.release()
      }
    }
  },
)

/**
 * A lock for each account, always the one with the lower number first: no circle can come about.
 */
export const transferOrdered = task(
  import.meta,
  (accounts: Accounts, locks: readonly Mutex[], from: number, to: number, times: number): void => {
    for (let done = 0; done < times; done += 1)
      withBoth(locks[Math.min(from, to)] as Mutex, locks[Math.max(from, to)] as Mutex, () =>
        move(accounts, from, to, 1),
      )
  },
)

/**
 * A lock for each account, first the one that the money comes from: two transfers in opposite
 * directions wait for each other. `halfway` sees to it that both have their first lock. Returns
 * what the library said, if it was this one that was told.
 */
export const transferCrossed = task(
  import.meta,
  (accounts: Accounts, locks: readonly Mutex[], halfway: Barrier, from: number, to: number): string => {
    const first = (locks[from] as Mutex).acquireSync()
    try {
      halfway.waitSync()
      const second = (locks[to] as Mutex).acquireSync()
      move(accounts, from, to, 1)
      second.release()
      return ''
    } catch (error) {
      if (error instanceof DeadlockError) return error.message // Nothing was moved yet, so it can be done again.
      throw error
    } finally {
      first.release()
    }
  },
)

function withBoth(lower: Mutex, higher: Mutex, body: () => void): void {
  const first = lower.acquireSync()
  try {
    const second = higher.acquireSync()
    try {
      body()
    } finally {
      second.release()
    }
  } finally {
    first.release()
  }
}
