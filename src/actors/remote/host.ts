/** Actors in a worker: the far side of a link whose near side starts and supervises them. README.md tells the protocol. */
import type { Place } from '../../declared/declarations.ts'
import { AbortError } from '../../errors.ts'
import { admitGuest, type GuestHome } from '../../worker/far/guests.ts'
import { Cell, type Parent } from '../cell.ts'
import { findDefinition } from '../definition.ts'
import { InvalidActorError } from '../errors.ts'
import type { Message } from '../mailbox.ts'
import { isAbnormal, type StopReason } from '../reason.ts'
import type { ChildSettings } from '../settings.ts'
import { system } from '../system.ts'
import type { Item, Request } from './items.ts'
import { Link } from './link.ts'

/** Under which name the near side asks for it. */
export const guestName = 'actors'

admitGuest(guestName, home => {
  const { link } = new Host(home)
  return body => link.receive(body as readonly Item[])
})

class Host {
  readonly link: Link

  constructor({ worker, crossing, send }: GuestHome) {
    this.link = new Link(
      { crossing, name: `the program of ${worker}`, send, waiting: () => {} },
      (link, request) => this.#answer(link, request),
    )
  }

  async #answer(link: Link, request: Request): Promise<unknown> {
    switch (request.op) {
      case 'start':
        return this.#start(
          link,
          request.place,
          link.unwire(request.args) as unknown[],
          request.name,
          request.settings,
        )
      case 'begin':
        await this.#cell(request.to).start()
        return undefined
      case 'suspend':
        return this.#cell(request.to).suspend(link.unfailure(request.failure), request.budgetMs)
      case 'end':
        return this.#cell(request.to).end(link.unwireReason(request.reason), request.budgetMs)
      default:
        throw new AbortError('That is no request of a supervisor.')
    }
  }

  async #start(
    link: Link,
    place: Place,
    args: unknown[],
    name: string,
    settings: ChildSettings,
  ): Promise<number> {
    const definition = findDefinition(place)
    if (definition === undefined)
      throw new InvalidActorError(
        `${place.module} declares no actor ${place.name} when a worker imports it. Call actor(import.meta, class ${place.name} { … }) at its top level.`,
      )
    const parent = new HostedParent(link, settings)
    const cell = new Cell(system(), definition, args, parent)
    cell.extras.register(name, () => {})
    // Entered first: it may send itself to others as it starts.
    const number = link.export(cell)
    parent.number = number
    try {
      await cell.start()
    } catch (error) {
      cell.parent = undefined
      cell.over({ kind: 'noproc' })
      throw error
    }
    return number
  }

  #cell(number: number): Cell {
    const target = this.link.exported(number)
    if (!(target instanceof Cell)) throw new InvalidActorError(`There is no actor ${number} here.`)
    return target
  }
}

/** Tells the supervisor on the near side; that the actor has ended, the link tells by itself. */
class HostedParent implements Parent {
  number = 0
  readonly #link: Link
  readonly #settings: ChildSettings

  constructor(link: Link, settings: ChildSettings) {
    this.#link = link
    this.#settings = settings
  }

  failed(_cell: Cell, reason: StopReason, message: Message | undefined): void {
    this.#link.failed(this.number, reason, message?.method?.name, message?.args ?? [])
  }

  ended(): void {}

  keeps(reason: StopReason): boolean {
    const { restart } = this.#settings
    return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))
  }
}
