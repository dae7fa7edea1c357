/** A password's key, the way that uses libuv's threads and the way that keeps its own. */
import { pbkdf2, pbkdf2Sync } from 'node:crypto'
import { promisify } from 'node:util'
import { task } from '../../src/index.ts'

const [rounds, bytes, digest] = [100_000, 32, 'sha256'] as const
const derive = promisify(pbkdf2)

export const keyOfLater = task(import.meta, async function keyOfLater(password: string): Promise<string> {
  return (await derive(password, 'salt', rounds, bytes, digest)).toString('hex')
})

export const keyOf = task(import.meta, function keyOf(password: string): string {
  return pbkdf2Sync(password, 'salt', rounds, bytes, digest).toString('hex')
})
