/** What a channel says to a thread that would stop for it. */
import { SyncUseError } from '../errors.ts'
import { needsToBlock } from '../runtime/park-sync.ts'

/** The calls that stop a thread, with what serves where none may stop. */
export const blockingCalls = {
  'sendSync(…)': 'await sender.send(value)',
  'receiveSync()': 'await receiver.receive()',
} as const

/**
 * Refuses a thread that would stop for a channel of its own: whoever could bring an item, or room
 * for one, is woken by the event loop that would stand still.
 * @throws SyncUseError
 */
export function refuseHere(call: keyof typeof blockingCalls, name: string): never {
  needsToBlock(call, name, blockingCalls[call])
  throw new SyncUseError(
    `${call} of ${name} would stop the thread that the channel lives on, and with it whoever it waits for. Write here: ` +
      `${blockingCalls[call]}; an end that was passed to a task on another thread may block there.`,
  )
}
