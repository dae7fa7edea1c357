/**
 * Actors in a worker: the far side of a link whose near side starts and supervises them. README.md
 * tells the protocol.
 */
import type { Place } from '../../declared/declarations.ts'
import { AbortError } from '../../errors.ts'
import { admitGuest, type GuestHome } from '../../worker/far/guests.ts'
import { importModule } from '../../worker/far/loader.ts'
import { Cell } from '../cell.ts'
import type { Definition } from '../contract.ts'
import { findDefinition } from '../definition.ts'
import { InvalidActorError } from '../errors.ts'
import type { LiveActor, Parent } from '../live-actor.ts'
import type { Message } from '../mailbox.ts'
import { rememberedOf } from '../memory.ts'
import { isAbnormal, type StopReason } from '../reason.ts'
import type { ChildSettings } from '../settings.ts'
import { system } from '../system.ts'
import { isVariantAdmitted, variantOf } from '../variants.ts'
import type { Answering } from './answers.ts'
import type { Request, WiredVariant } from './items.ts'
import { Link } from './link.ts'
import { Stirring } from './stirring.ts'

/** Under which name the near side asks for it. */
export const guestName = 'actors'

/** The same where another machine asks: it is believed less. */
export const guestElsewhere = 'actors for elsewhere'

for (const [name, isElsewhere] of [
  [guestName, false],
  [guestElsewhere, true],
] as const)
  admitGuest(name, home => {
    const { link, stirring } = new Host(home, isElsewhere)
    return body => {
      if (Array.isArray(body) && body.length === 0) return // It was sent to bring a module.
      link.receive(body)
      stirring.came()
    }
  })

type StartRequest = Extract<Request, { readonly op: 'start' }>

class Host {
  readonly link: Link
  readonly stirring: Stirring
  readonly #isElsewhere: boolean

  constructor({ worker, crossing, send }: GuestHome, isElsewhere: boolean) {
    this.#isElsewhere = isElsewhere
    this.link = new Link(
      {
        crossing: isElsewhere ? { ...crossing, sharedMemory: false, lends: false } : crossing,
        name: `the program of ${worker}`,
        isElsewhere,
        send,
        waiting: undefined,
        kill: undefined,
      },
      (link, request, answering) => this.#answer(link, request, answering),
    )
    this.stirring = new Stirring(system(), this.link)
    system().onDeadLetter(letter => this.link.deadLetter(letter))
  }

  async #answer(link: Link, request: Request, answering: Answering): Promise<unknown> {
    switch (request.op) {
      case 'start':
        return this.#start(link, request, answering)
      case 'begin': {
        const cell = this.#cell(request.to)
        answering.giveUp = () => cell.giveUpStart()
        await cell.start()
        return undefined
      }
      case 'resume':
        return this.#cell(request.to).resume()
      case 'suspend':
        return this.#cell(request.to).suspend(link.values.unfailure(request.failure), request.budgetMs)
      case 'end':
        return this.#cell(request.to).end(link.values.unwireReason(request.reason), request.budgetMs)
      default:
        throw new AbortError('That is not a request of a supervisor.')
    }
  }

  async #start(link: Link, request: StartRequest, answering: Answering): Promise<number> {
    const { place, variant, name, restart } = request
    let isGivenUp = false
    answering.giveUp = () => {
      isGivenUp = true
    }
    const args = link.values.unwire(request.args) as unknown[]
    const variantArgs = variant && (link.values.unwire(variant.args) as unknown[])
    const declared = findDefinition(place) ?? (await this.#import(place))
    const definition =
      variant === undefined ? declared : await this.#variantOf(declared, variant, variantArgs ?? [])
    if (isGivenUp) throw new AbortError(`${name} was to start no more.`)
    const parent = new HostedParent(link, restart)
    const cell = new Cell(system(), definition, args, parent)
    cell.extras.register(name, () => {})
    // Entered first: it may send itself to others as it starts.
    const number = link.export(cell)
    parent.number = number
    const discard = () => {
      cell.parent = undefined
      cell.over({ kind: 'noproc' })
    }
    answering.giveUp = discard
    try {
      await cell.start()
    } catch (error) {
      discard()
      throw error
    }
    return number
  }

  /**
   * The worker has imported the module of the first actor that lives there; this one may be of
   * another.
   */
  async #import(place: Place): Promise<Definition> {
    if (!this.#isElsewhere) await importModule(place.module)
    const definition = findDefinition(place)
    if (definition === undefined)
      throw new InvalidActorError(
        `${place.module} declares no actor ${place.name} when a worker imports it. Call actor(import.meta, class ${place.name} { … }) at its top level.`,
      )
    return definition
  }

  async #variantOf(
    declared: Definition,
    { module, name }: WiredVariant,
    args: readonly unknown[],
  ): Promise<Definition> {
    if (this.#isElsewhere)
      throw new InvalidActorError(
        `A node starts ${declared.name} only as its module declares it, not as one that is ${name}. Start that one on threads() or processes().`,
      )
    if (!isVariantAdmitted(name)) await importModule(module)
    return variantOf(declared, name, args)
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
  readonly #restart: ChildSettings['restart']

  constructor(link: Link, restart: ChildSettings['restart']) {
    this.#link = link
    this.#restart = restart
  }

  failed(actor: LiveActor, reason: StopReason, message: Message | undefined): void {
    const remembered = rememberedOf(actor)
    this.#link.failed(this.number, reason, message?.method?.name, message?.args ?? [], remembered)
  }

  ended(): void {}

  keeps(reason: StopReason): boolean {
    return this.#restart === 'permanent' || (this.#restart === 'transient' && isAbnormal(reason))
  }
}
