/**
 * The tasks that have the end of a channel on loan when something happens to them or to their
 * worker.
 */
import type { Receiver, Sender } from '../../../src/index.ts'
import * as faults from './faults.ts'

export const echo = faults.echo

/** What happens, and what of `faults.ts` is called for it. */
const happenings: Record<string, (marker: string) => unknown> = {
  returns: () => 'returned',
  exits: () => faults.exit(3),
  throwsLater: () => faults.throwLater(),
  isKilled: () => faults.killSelf('SIGKILL'),
  aborts: () => process.abort(),
  fillsMemory: () => faults.fillMemory(),
  holds: marker => faults.hold(marker),
  spins: marker => faults.spin(marker),
}

export interface Lent {
  readonly receiver: Receiver<number>
  readonly sender: Sender<number>
  readonly marker: string
  readonly then: string
}

/** Takes ten items, sends back twice of each, and is where the fault happens. */
export async function takeTen({ receiver, sender, marker, then }: Lent): Promise<unknown> {
  for (let count = 0; count < 10; count += 1) await sender.send(2 * (await receiver.receive()))
  await new Promise(setImmediate) // What was sent leaves.
  return happenings[then]?.(marker)
}

/** Has its ends, and takes nothing. */
export function touchesNothing({ marker }: Lent): Promise<never> {
  return faults.hold(marker)
}
