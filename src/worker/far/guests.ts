/**
 * Parts that live in a worker beside its calls, such as actors.
 *
 *     guest message ─▶ import(module), once ─▶ the module's import has called `admitGuest` ─▶ the guest hears the body
 *
 * The core knows nothing about them: their messages are their own, and they are loaded only where
 * they are used.
 */
import { TaskLoadError } from '../../errors.ts'
import { sharedByCopies } from '../../runtime/copies.ts'
import type { Crossing } from '../../wire/codec.ts'
import type { LentMessage } from '../../wire/lent/messages.ts'
import type { ToGuestMessage, ToWorker } from '../../wire/messages.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import type { Conversations } from '../conversations.ts'
import { importModule } from './loader.ts'
import type { Outgoing } from './outgoing.ts'

/** What a guest gets from the worker in which it lives. */
export interface GuestHome {
  /** As `thread 2`. */
  readonly worker: string
  readonly crossing: Crossing
  send(body: unknown, transfer: Transfer): void
}

/** Makes a guest; the function that it returns is called with each body that is sent to it. */
export type Guest = (home: GuestHome) => (body: unknown) => void

const admitted = sharedByCopies('guests', () => new Map<string, Guest>())

/** Called by a part's module when it is imported: the part can live in workers under this name. */
export function admitGuest(name: string, guest: Guest): void {
  if (!admitted.has(name)) admitted.set(name, guest)
}

export class Guests {
  readonly #worker: string
  readonly #outgoing: Outgoing
  /** One after the other: a message for a guest must not overtake the import of its module. */
  #last: Promise<void> = Promise.resolve()
  readonly #hear = new Map<string, (body: unknown) => void>()
  readonly #imported = new Set<string>()
  /** How many messages wait for an import. */
  #importing = 0

  constructor(worker: string, outgoing: Outgoing) {
    this.#worker = worker
    this.#outgoing = outgoing
  }

  converse(hears: Conversations<ToWorker | LentMessage>): void {
    hears.on('guest', message => this.#receive(message))
  }

  #receive(message: ToGuestMessage): void {
    const { guest, module, body } = message
    if (this.#importing === 0 && this.#imported.has(module)) return this.#hear.get(guest)?.(body)
    this.#importing += 1
    this.#last = this.#last.then(async () => {
      try {
        await this.#bring(guest, module)
        this.#hear.get(guest)?.(body)
      } catch (error) {
        this.#outgoing.sendFailure(error, failure => ({ kind: 'guestFailed', guest, module, failure }))
      } finally {
        this.#importing -= 1
      }
    })
  }

  async #bring(name: string, module: string): Promise<void> {
    if (!this.#imported.has(module)) await importModule(module)
    this.#imported.add(module)
    if (this.#hear.has(name)) return
    const guest = admitted.get(name)
    if (guest === undefined)
      throw new TaskLoadError(
        module,
        `${module} does not bring ${name}: in the worker it imports another copy of atonce. Install one version: npm ls atonce shows who asks for which.`,
      )
    const outgoing = this.#outgoing
    this.#hear.set(
      name,
      guest({
        worker: this.#worker,
        crossing: outgoing.crossing,
        send: (body, transfer) => outgoing.send({ kind: 'guest', guest: name, body }, transfer),
      }),
    )
  }
}
