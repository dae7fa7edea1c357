/**
 * Native code on libuv's threads, and a pool on top of it: keys of passwords by `crypto.pbkdf2`.
 *
 *     npm --prefix bench run native
 */

import { threads } from '../../src/index.ts'
import { roundsOf } from '../rounds.ts'
import { keyOf, keyOfLater } from './native-tasks.ts'
import { inTurns } from './turns.ts'

const { rounds } = roundsOf('npm --prefix bench run native', 7)
const passwords = Array.from({ length: 8 }, (_, n) => `password ${n}`)
const known = passwords.map(password => keyOf(password)).join()

await using pool = threads({ workers: 2 })
await using wide = threads({ workers: 2, callsPerWorker: 4 })

await inTurns(
  `${passwords.length} keys by pbkdf2`,
  rounds,
  [
    { name: 'one after the other, pbkdf2Sync', run: () => passwords.map(password => keyOf(password)) },
    { name: 'side by side, pbkdf2', run: () => Promise.all(passwords.map(password => keyOfLater(password))) },
    { name: 'pbkdf2 on a pool', run: () => wide.map(keyOfLater, passwords) },
    { name: 'pbkdf2Sync on a pool', run: () => pool.map(keyOf, passwords) },
  ],
  answer => {
    if ((answer as string[]).join() !== known) throw new Error('These are not the keys.')
  },
)
