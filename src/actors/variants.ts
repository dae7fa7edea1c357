/**
 * Classes of actors that are made of declared ones: such as fail where a test wants, for one.
 *
 *     near: a Definition with its Variant ─ start ─▶ far: import(module) ─▶ the maker(declared definition, ...args)
 *
 * A class is known on every side by its module and name; a variant is that, and the name of who
 * makes it. Code never travels.
 */
import { sharedByCopies } from '../runtime/copies.ts'
import type { Definition } from './contract.ts'
import { InvalidActorError } from './errors.ts'

type Maker = (declared: Definition, ...args: any[]) => Definition

const makers = sharedByCopies('variants of actors', () => new Map<string, Maker>())

/** To be called by a module when it is imported: it makes variants of this name. */
export function admitVariant(name: string, maker: Maker): void {
  if (!makers.has(name)) makers.set(name, maker)
}

export function isVariantAdmitted(name: string): boolean {
  return makers.has(name)
}

/** @throws InvalidActorError if nobody here makes it */
export function variantOf(declared: Definition, name: string, args: readonly unknown[]): Definition {
  const maker = makers.get(name)
  if (maker === undefined)
    throw new InvalidActorError(`Nothing here makes ${declared.name} to one that is ${name}.`)
  return maker(declared, ...args)
}
