/**
 * The addresses of classes in stand-ins and errors, as they go to other machines.
 *
 * A class that this machine finds at `file:///home/ann/shop/src/money.ts` is at
 * `package:shop/src/money` on all of them. What is rewritten here is a copy: the value belongs to
 * whoever sends it.
 */
import { type ClassAddress, portableAddress } from '../../declared/shareable.ts'
import { tag } from '../stand-in.ts'

type Fields = Record<string, unknown>

/**
 * The stand-in with a portable address, if it has one; `known` remembers what each error and each
 * address became.
 */
export function portableStandIn(standIn: Fields, known: Map<object, object>): Fields {
  const kind = standIn[tag]
  if (isAddress(kind)) return { ...standIn, [tag]: portable(kind, known) }
  if (kind === 'Packed' && isAddress(standIn['of'])) return { ...standIn, of: portable(standIn['of'], known) }
  if (kind === 'Error') return portableError(standIn, known)
  return standIn
}

/** The same of what holds an error as plain data (failure.ts), under the name `error`. */
export function portableError(holder: Fields, known: Map<object, object>): Fields {
  const { error } = holder
  if (!isFields(error) || !isAddress(error['of'])) return holder
  const made = known.get(error) ?? { ...error, of: portable(error['of'], known) }
  known.set(error, made)
  return { ...holder, error: made }
}

/** One object for each address, so that it is written once. */
function portable(address: ClassAddress, known: Map<object, object>): object {
  const made = known.get(address) ?? portableAddress(address)
  known.set(address, made)
  return made
}

function isAddress(value: unknown): value is ClassAddress {
  return (
    isFields(value) &&
    typeof value['module'] === 'string' &&
    typeof value['name'] === 'string' &&
    typeof value['position'] === 'number' &&
    typeof value['digest'] === 'string'
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
