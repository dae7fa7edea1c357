/**
 * Classes whose instances keep their class when they cross to another thread or process.
 *
 *     instance ─┬▶ its own data ──────────────────┐                      ┌─▶ Object.create(prototype) + own data
 *               └▶ pack(instance, crossing) ─▶ data ┴─┊ place + data ┊─┴─▶ unpack(data)
 *
 * No code travels: the message names the place of the class, and the far side looks up what it has
 * declared itself. No constructor runs, unless `unpack` calls it.
 */
import type { MessagePort } from 'node:worker_threads'
import { checkOptions, optionNames } from '../checks.ts'
import { DeclarationError, TaskVersionError, UnknownClassError } from '../errors.ts'
import { sharedByCopies } from '../runtime/copies.ts'
import { Declarations, type Place } from './declarations.ts'
import { digestOf, isSameVersion, type ModuleVersion, showModule } from './module-version.ts'
import { isPortable, portableModule } from './portable-module.ts'
import { privateNameOf } from './private-names.ts'
import type { Where } from './where.ts'

/** What an instance is about to cross. */
export interface PackCrossing {
  /**
   * Whether the other side shares memory with this one: true between threads, false to another
   * process.
   */
  readonly sharedMemory: boolean
  /** Hands a buffer or a port in the data over instead of copying it. */
  transfer(value: ArrayBuffer | MessagePort): void
}

/** How the instances of a class cross when a copy of their own data is not enough. */
export interface Packing<T, D> {
  /**
   * Makes data of an instance: anything that may be an argument of a task. Called once for each
   * message; a message that is refused afterwards is not sent, and another may be made. What it
   * throws refuses the message, by the instance's path.
   */
  pack(instance: T, crossing: PackCrossing): D
  /** Makes an instance of a copy of that data. Called once for each time it arrives. */
  unpack(data: D): T
}

/** The same for a class of the library: `unpack` is told what message the data came in. */
export interface OwnPacking<T, D> extends Omit<Packing<T, D>, 'unpack'> {
  unpack(data: D, message: unknown): T
}

const packingNames = optionNames<Packing<never, never>>({ pack: true, unpack: true })

/** Where a class was declared, and in which state of its module. */
export interface ClassAddress extends Place {
  readonly version: ModuleVersion | undefined
  readonly digest: string
}

/** A class that was declared to be shareable. */
export interface SharedClass {
  readonly prototype: object
  readonly address: ClassAddress
  readonly packing: Packing<object, unknown> | undefined
  /** It is the library's. */
  readonly isOwn: boolean
}

const { fileURLToPath } = process.getBuiltinModule('node:url')

const declared = new Declarations<SharedClass>('shareables')
const byPrototype = sharedByCopies('shareables.prototypes', () => new WeakMap<object, SharedClass>())

/**
 * Lets the instances of a class keep their class when they are copied: as arguments, in results,
 * inside of other values, as errors. Returns the class.
 *
 * What is copied is the instance's own data, by its rules as for plain objects; no constructor
 * runs. A class with `#private` fields, or one that extends Array, Map or another built-in class
 * with data of its own, says itself how it crosses: `pack` makes plain data, `unpack` an instance
 * of it. On `coroutines()` instances are passed as they are.
 *
 * Call it at the top level of a module, always; both sides must import that module. A subclass is
 * declared for itself. Each message that holds instances carries the address of their class once,
 * some 200 bytes; an instance costs two to three times what a plain record of the same data does
 * (some 1.5 µs for two numbers, there and back again).
 *
 * @throws DeclarationError if `where` names no module, if it is not a class, is declared already,
 *   or needs `pack` and `unpack`
 * @example
 *     export class Point { x = 0; y = 0 }
 *     shareable(import.meta, Point)
 *
 *     export class Money {
 *       #cents: number
 *       constructor(cents: number) { this.#cents = cents }
 *       static { shareable(import.meta, Money, { pack: money => money.#cents, unpack: cents => new Money(cents) }) }
 *     }
 */
export function shareable<C extends Function & { readonly prototype: object }, D = unknown>(
  where: Where,
  declaredClass: C,
  packing?: Packing<C['prototype'], D>,
): C {
  const { prototype } = checkClass(declaredClass)
  if (packing !== undefined && !(isFunction(packing?.pack) && isFunction(packing?.unpack))) {
    throw new DeclarationError(
      `shareable(import.meta, ${declaredClass.name}, { pack, unpack }) takes two functions: pack(instance) that makes data, and unpack(data) that makes an instance.`,
    )
  }
  if (packing !== undefined)
    checkOptions(`shareable(import.meta, ${declaredClass.name}, …)`, packing, packingNames)
  if (packing === undefined) checkOwnDataIsEnough(declaredClass)
  const made = declared.declare(where, declaredClass.name, shareable, (place, version) =>
    sharedClass(declaredClass, place, version, packing as Packing<object, unknown> | undefined),
  )
  byPrototype.set(prototype, made)
  return declaredClass
}

/**
 * Lets the instances of a class of the library itself cross: where it is, a bundle may not know.
 */
export function shareOwn<C extends Function & { readonly prototype: object }, D>(
  name: string,
  ownClass: C,
  packing: OwnPacking<C['prototype'], D>,
): void {
  const made = declared.declareOwn(name, place =>
    sharedClass(ownClass, place, undefined, packing as Packing<object, unknown>, true),
  )
  byPrototype.set(ownClass.prototype, made)
}

function sharedClass(
  declaredClass: Function & { readonly prototype: object },
  place: Place,
  version: ModuleVersion | undefined,
  packing: Packing<object, unknown> | undefined,
  isOwn = false,
): SharedClass {
  let address: ClassAddress | undefined
  return {
    prototype: declaredClass.prototype,
    packing,
    isOwn,
    // The digest is made when the first instance is sent, not when a program starts.
    get address() {
      address ??= { ...place, version, digest: digestOf(declaredClass) }
      return address
    },
  }
}

/** The address as it goes to other machines: no file URL, no time stamp. */
export function portableAddress({ module, name, position, digest }: ClassAddress): ClassAddress {
  return { module: portableModule(module), name, position, version: undefined, digest }
}

/**
 * The declared class whose prototype this is, exactly: an instance of a subclass is none of its
 * own.
 */
export function sharedClassOf(prototype: object | null): SharedClass | undefined {
  return prototype === null ? undefined : byPrototype.get(prototype)
}

const byProxy = sharedByCopies('shareables.proxies', () => new WeakMap<object, SharedClass>())

/** Lets a Proxy cross, by the packing of a class of the library that stands for its kind. */
export function crossesAs(proxy: object, standsFor: { readonly prototype: object }): void {
  const shared = byPrototype.get(standsFor.prototype)
  if (shared !== undefined) byProxy.set(proxy, shared)
}

/** What a Proxy crosses by; undefined for all that are the program's. */
export function sharedClassOfProxy(proxy: object): SharedClass | undefined {
  return byProxy.get(proxy)
}

/** The nearest class above that is declared, for messages about its subclasses. */
export function sharedClassAbove(prototype: object | null): SharedClass | undefined {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = byPrototype.get(at)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The class that was declared at that address on this side.
 * @throws UnknownClassError if it was not
 * @throws TaskVersionError if its module is not the one that the other side has loaded
 */
export function findSharedClass(address: ClassAddress): SharedClass {
  const { module, name, version, digest } = address
  const found = declared.find(address) ?? (loadOwn(module) ? declared.find(address) : undefined)
  if (found === undefined) throw unknownClass(module, name)
  if (isPortable(module)) {
    if (found.address.digest !== digest)
      throw new TaskVersionError(
        module,
        `The class ${shownName(name)} of ${module} is another one where the message comes from: the two sides run different versions. Deploy one version to both.`,
      )
  } else if (!isSameVersion(found.address.version, version, () => found.address.digest === digest)) {
    throw new TaskVersionError(
      module,
      `${showModule(module)}, which declares the class ${shownName(name)}, changed on disk after this program had loaded it, so the two sides have different classes. Restart the program.`,
    )
  }
  return found
}

/**
 * Where this copy of atonce has its locks and kernels: a folder of its sources, or beside this
 * module in `dist/`. Nowhere, in a user's bundle.
 */
const sources = /^(.*\/src\/)declared\/shareable\.ts$/.exec(import.meta.url)?.[1]
const built = /^(.*\/dist\/src\/)[\w-]+\.js$/.exec(import.meta.url)?.[1]

/**
 * Loads the module of a lock or kernel: a task's module that imports no more than its type has not.
 * False if it is not one of them: a message can't make this side load anything else.
 */
function loadOwn(module: string): boolean {
  const isOwn =
    sources === undefined
      ? built !== undefined && module.startsWith(built) && /^[\w-]+\.js$/.test(module.slice(built.length))
      : module.startsWith(sources) && /^(sync|kernels)\/[\w-]+\.ts$/.test(module.slice(sources.length))
  if (!isOwn) return false
  try {
    const { createRequire } = process.getBuiltinModule('node:module')
    createRequire(import.meta.url)(fileURLToPath(module))
    return true
  } catch {
    return false // It was never there: the address was forged.
  }
}

function unknownClass(module: string, name: string): UnknownClassError {
  const shown = shownName(name)
  const file = showModule(module)
  return new UnknownClassError(
    module,
    name,
    declared.knows(module)
      ? `An instance of ${shown} arrived on a side that has imported ${file}, but has not declared ${shown} there. Call shareable(import.meta, ${shown}) at the top level of the module, not inside of a function or a condition.`
      : `An instance of ${shown} arrived on a side that does not know this class. Import ${file} there too: for an argument, from the task's module; for a result, from the program.`,
  )
}

function checkClass<C extends Function>(given: C): C {
  if (!isFunction(given) || typeof given.prototype !== 'object' || given.prototype === null) {
    const got = isFunction(given)
      ? `the function ${shownName(given.name)}`
      : `a value of type ${typeof given}`
    throw new DeclarationError(`shareable(import.meta, Class) takes a class; it got ${got}.`)
  }
  if (byPrototype.has(given.prototype)) {
    throw new DeclarationError(
      `The class ${shownName(given.name)} is shareable already: it was declared in ${showModule((byPrototype.get(given.prototype) as SharedClass).address.module)}. Declare it once.`,
    )
  }
  if (isNative(given)) {
    throw new DeclarationError(
      `${given.name} is a class of the platform: what of it can be copied is copied as it is, without being declared.`,
    )
  }
  return given
}

/** Without hooks, the instance's own properties must be all there is. */
function checkOwnDataIsEnough(given: Function): void {
  const shown = shownName(given.name)
  const cure =
    'Say how it crosses, inside of the class, where its data can be seen:\n' +
    `    static { shareable(import.meta, ${shown}, { pack: instance => …, unpack: data => new ${shown}(…) }) }`
  const hidden = privateNameOf(given)
  if (hidden !== undefined) {
    throw new DeclarationError(
      `The class ${shown} has the private name ${hidden}, which no copy of its instances would have. ${cure}`,
    )
  }
  const builtIn = builtInAbove(given)
  if (builtIn !== undefined) {
    throw new DeclarationError(
      `The class ${shown} extends ${builtIn.name}, whose data a copy of its instances' own properties would not have. ${cure}`,
    )
  }
}

/**
 * The platform's class that it extends, if that one keeps data outside of properties. An error's
 * data is taken along.
 */
function builtInAbove(given: Function): Function | undefined {
  for (let at: unknown = Object.getPrototypeOf(given); isFunction(at) && at !== Function.prototype; ) {
    if (isNative(at)) return at === Error || at.prototype instanceof Error || at === Object ? undefined : at
    at = Object.getPrototypeOf(at)
  }
  return undefined
}

function isNative(given: Function): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(given))
}

function isFunction(value: unknown): value is Function {
  return typeof value === 'function'
}

function shownName(name: string): string {
  return name === '' ? '(anonymous)' : name
}
