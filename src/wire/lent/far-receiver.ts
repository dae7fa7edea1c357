/**
 * The receiving end of a channel that is elsewhere: a channel without room, that what comes from
 * there goes through.
 */
import { Channel } from '../../channel/channel.ts'
import { checkSyncWait, type SyncWaitOptions } from '../../channel/ends.ts'
import { CarryIn } from './carry-in.ts'
import type { Link } from './link.ts'
import { standUntil } from './standing.ts'

export class FarReceiver<T> extends Channel<T> {
  readonly #link: Link
  readonly #carry: CarryIn<T>

  constructor(name: string, window: number, link: Link) {
    super(0, { name })
    this.#link = link
    this.#carry = new CarryIn<T>(this, link, window, { borrowed: true })
  }

  override receiveSync(options?: SyncWaitOptions): T {
    const timeoutMs = checkSyncWait('receiveSync(…)', options)
    return standUntil(this.#link, 'receiveSync()', this.name, timeoutMs, () => this.tryReceive()).value
  }

  /** The call that had the end on loan is over. */
  end(): void {
    this.#carry.end()
  }
}
