/** Values, errors and reasons as they cross a link; refs in them become numbers on it. */
import type { Place } from '../../declared/declarations.ts'
import { portableModule } from '../../declared/portable-module.ts'
import { classesOf } from '../../executor/caller.ts'
import { type Crossing, decode, encodeNow, MessageDecoding, MessageEncodingNow } from '../../wire/codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import type { Definition } from '../contract.ts'
import type { StopReason } from '../reason.ts'
import type { Wired, WiredReason } from './items.ts'
import { onLink, type RefLink } from './wired-refs.ts'

export class LinkValues {
  readonly #link: RefLink
  readonly #crossing: Crossing
  readonly #isElsewhere: boolean
  #transfer: Transfer[number][] = []

  constructor(
    link: RefLink,
    { crossing, isElsewhere }: { readonly crossing: Crossing; readonly isElsewhere: boolean },
  ) {
    this.#link = link
    this.#crossing = crossing
    this.#isElsewhere = isElsewhere
  }

  /** The place of a class as the other side finds it. */
  placeFor({ place }: Pick<Definition, 'place'>): Place {
    return this.#isElsewhere ? { ...place, module: portableModule(place.module) } : place
  }

  /** What moves with the values that were made ready since it was asked last. */
  takeTransfer(): Transfer {
    const transfer = this.#transfer
    this.#transfer = []
    return transfer
  }

  /** @throws SerializationError */
  wire(value: unknown, root: string): Wired {
    const encoded = onLink(this.#link, () => encodeNow(value, root, this.#crossing))
    this.#transfer.push(...encoded.transfer)
    return { value: encoded.value, special: encoded.special }
  }

  /** For what is only shown: an empty list if they can't cross. */
  wireIfPossible(args: readonly unknown[]): Wired {
    try {
      return this.wire(args, 'args')
    } catch {
      return { value: [], special: false }
    }
  }

  unwire({ value, special }: Wired): unknown {
    return special ? onLink(this.#link, () => decode(value, true, 'message')) : value
  }

  /** For what is only shown: an empty list if they can't be read. */
  unwireIfPossible(wired: Wired): readonly unknown[] {
    try {
      return this.unwire(wired) as readonly unknown[]
    } catch {
      return []
    }
  }

  failure(error: unknown): WireFailure {
    return onLink(this.#link, () => encodeFailure(error, new MessageEncodingNow(this.#crossing)))
  }

  /** With `module`, errors of classes that it exports have their class, if it was learnt. */
  unfailure(failure: WireFailure, module?: string): unknown {
    return onLink(this.#link, () =>
      decodeFailure(failure, new MessageDecoding({ findClass: classesOf(module) })),
    )
  }

  wireReason({ kind, error }: StopReason): WiredReason {
    return { kind, failure: error === undefined ? undefined : this.failure(error) }
  }

  unwireReason({ kind, failure }: WiredReason, module?: string): StopReason {
    const known = kind as StopReason['kind']
    return failure === undefined ? { kind: known } : { kind: known, error: this.unfailure(failure, module) }
  }
}
