/** How a thread blocks until the other side of a link has sent something. */
import { blockingCalls, refuseHere } from '../../channel/blocking.ts'
import { SyncUseError, TimeoutError } from '../../errors.ts'
import { blockingNow, load } from '../../runtime/atomics.ts'
import { needsToBlock, parkSync } from '../../runtime/park-sync.ts'
import { context } from '../../task/context.ts'
import type { Link } from './link.ts'
import { ownerIsGone, ownerIsHere, saidWord } from './link-words.ts'
import { flushAll } from './outbox.ts'

/**
 * So often it looks whether the owner's thread lives and its own call is still wanted; no item
 * waits for that.
 */
const sliceMs = 100

/**
 * Stops this thread until `attempt` returns something; it is tried again whenever the other side
 * has spoken, and must throw once the link has ended. What this thread has sent leaves before it
 * stands still.
 * @throws SyncUseError, TimeoutError, AbortError if the call was cancelled, and whatever `attempt`
 *   throws
 */
export function standUntil<R>(
  link: Link,
  call: keyof typeof blockingCalls,
  name: string,
  timeoutMs: number,
  attempt: () => R | undefined,
): R {
  needsToBlock(call, name, blockingCalls[call])
  const { words } = link
  if (words === undefined)
    throw new SyncUseError(
      `${call} of ${name} needs memory that is shared with the channel's thread. Write here: ${blockingCalls[call]}`,
    )
  if (ownerIsHere(words)) refuseHere(call, name)
  const first = attempt()
  if (first !== undefined) return first
  flushAll()
  const endMs = blockingNow() + timeoutMs
  for (;;) {
    // Both before it reads: what is said after that ends the sleep, what was said before is read.
    const said = load(words, saidWord)
    const gone = ownerIsGone(words)
    link.drain()
    const found = attempt()
    if (found !== undefined) return found
    context().throwIfCancelled()
    const leftMs = endMs - blockingNow()
    if (gone) link.gone()
    else if (leftMs > 0) parkSync(words, saidWord, said, Math.min(leftMs, sliceMs))
    else throw new TimeoutError(`${call} of ${name} could not go on within ${timeoutMs} ms.`, timeoutMs)
  }
}
