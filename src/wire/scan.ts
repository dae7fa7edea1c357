/**
 * The walk over a value before it is sent: refuses what can't cross by its path, finds what moves
 * and what is special.
 */
import { MessagePort } from 'node:worker_threads'
import { type Packing, type SharedClass, sharedClassOf, sharedClassOfProxy } from '../declared/shareable.ts'
import { PayloadTooLargeError, SerializationError } from '../errors.ts'
import { isHandle, type Moved, whyUnmovable } from '../task/transfer.ts'
import { describeThrown, isError, messageOf, sentence } from '../thrown.ts'
import { classNameOf, isBuiltIn, isBuiltInView, isForeignPlain } from './class-of.ts'
import type { Crossing } from './crossing.ts'
import { cureFor } from './cures.ts'
import type { LendCrossing, Lent } from './lent/link.ts'
import { Moving } from './moving.ts'
import { arrayIndex, namesOn } from './own-names.ts'
import { itemOf, keyOfMap, packedData, pathOf, type Step } from './path.ts'
import { insteadOfCopy, isCopiedBetweenThreads } from './platform.ts'
import { CircularPack } from './rewrite.ts'
import { tag } from './stand-in.ts'

const { types } = process.getBuiltinModule('node:util')

/** Values nested deeper would overflow V8's serializer on the main thread's stack. */
const maxDepth = 1_000

/**
 * One walk over a value. Without recursion, since deep values must not overflow the stack; depth
 * first and in the platform's own order, so that it goes as deep as the platform would.
 */
export class Scan {
  special = false
  readonly #moving = new Moving()
  readonly transfer: readonly Moved[] = this.#moving.list
  /** The packed data of instances of shareable classes. */
  readonly packed = new Map<object, unknown>()
  /** The channel ends that cross as numbers. */
  readonly loans: Lent[] = []
  /** Things that can be changed and are not containers: buffers, views, dates. */
  readonly leaves: object[] = []
  /** The arrays that have holes or names. */
  uneven: Set<object> | undefined
  readonly #root: string
  readonly #crossing: Crossing
  readonly #objects: object[] = []
  readonly #parents: number[] = []
  readonly #steps: Step[] = []
  readonly #depths: number[] = []
  /** Numbers of the objects that were found and not entered yet; the next one is last. */
  readonly #pending: number[] = []
  readonly #seen = new Set<object>()
  readonly #counted = new Set<ArrayBuffer>()
  #payloadBytes = 0

  constructor(root: string, crossing: Crossing) {
    this.#root = root
    this.#crossing = crossing
  }

  /** A refused value is not sent: gives back the marks that the scan has taken. */
  undoing<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      this.#moving.undo()
      throw error
    }
  }

  /**
   * Refuses by its path an instance that turns out, during `step`, to be part of its own packed
   * data.
   */
  placing<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      if (!(error instanceof CircularPack)) throw error
      const at = this.#objects.indexOf(error.instance)
      return this.#refuseAt(
        at,
        'was packed into data that leads back to itself',
        'Let pack() leave that link out.',
      )
    }
  }

  run(value: unknown): this {
    this.#visit(value, -1, '')
    for (let at = this.#pending.pop(); at !== undefined; at = this.#pending.pop()) {
      const object = this.#objects[at] as object
      if (this.#seen.has(object)) continue
      this.#seen.add(object)
      const firstPart = this.#pending.length
      this.#enter(at)
      reverseFrom(this.#pending, firstPart)
    }
    return this
  }

  /** Visits the value at `step` of the object with the number `parent`. */
  #visit(value: unknown, parent: number, step: Step): void {
    switch (typeof value) {
      case 'function':
        return this.#refuse(
          parent,
          step,
          `is ${describeThrown(value)}`, // A proxy of one that was revoked tells no name.
          'Pass data, and let the task call a function of its own module.',
        )
      case 'symbol':
        return this.#refuse(parent, step, `is a symbol (${String(value)})`, 'Pass a string instead.')
      case 'string':
        return this.#count(value.length)
      case 'object':
        if (value === null || this.#seen.has(value)) return
        this.#pending.push(this.#objects.length)
        this.#objects.push(value)
        this.#parents.push(parent)
        this.#steps.push(step)
        this.#depths.push(parent < 0 ? 0 : (this.#depths[parent] as number) + 1)
    }
  }

  #enter(at: number): void {
    const value = this.#objects[at] as object
    if ((this.#depths[at] as number) > maxDepth) {
      this.#refuseAt(
        at,
        `is nested more than ${maxDepth} levels deep`,
        'Flatten it: an array of rows, with indexes in place of links.',
      )
    }
    if (types.isProxy(value) && sharedClassOfProxy(value) === undefined) this.#refuseInstance(value, at)
    const prototype = Object.getPrototypeOf(value)
    const isArray = Array.isArray(value)
    if (isArray && prototype === Array.prototype) return this.#enterArray(value, at)
    if (!isArray && prototype === Object.prototype)
      return this.#enterPlain(value as Record<string, unknown>, at)
    const shared = sharedClassOf(prototype) ?? sharedClassOfProxy(value)
    if (shared !== undefined && !isError(value)) return this.#enterInstance(value, shared, at)
    if (isArray) return this.#enterArray(value, at)
    if (prototype === null && types.isModuleNamespaceObject(value))
      this.#refuseAt(
        at,
        'is the namespace of a module',
        'Pass a plain object: { ...it }, or what you need of it.',
      )
    if (prototype === null || isForeignPlain(value, prototype))
      return this.#enterPlain(value as Record<string, unknown>, at)
    this.#enterBuiltIn(value, at)
  }

  #enterArray(array: readonly unknown[], at: number): void {
    if (Object.getPrototypeOf(array) !== Array.prototype && !isBuiltIn(array, 'Array'))
      this.#refuseInstance(array, at)
    this.#refuseSymbols(array, at)
    for (let index = 0; index < array.length; index += 1) {
      let item: unknown
      try {
        item = array[index]
      } catch (cause) {
        this.#refuseGetter(at, index, cause)
      }
      const kind = typeof item
      if (kind === 'undefined' && !Object.hasOwn(array, index)) return this.#enterSparse(array, index, at)
      if (kind !== 'number' && kind !== 'boolean' && kind !== 'undefined') this.#visit(item, at, index)
    }
    const names = namesOn(array)
    if (names.length === 0) return
    this.#noteUneven(array)
    for (const name of names) this.#visit(this.#read(array, name, at), at, name)
  }

  #noteUneven(array: object): void {
    this.uneven ??= new Set()
    this.uneven.add(array)
  }

  /** An array with holes can have few items and a huge length: only present ones are visited. */
  #enterSparse(array: readonly unknown[], from: number, at: number): void {
    this.#noteUneven(array)
    for (const key of Object.keys(array)) {
      const index = arrayIndex(key)
      if (index === undefined || index >= from) this.#visit(this.#read(array, key, at), at, index ?? key)
    }
  }

  #enterPlain(record: Record<string, unknown>, at: number): void {
    for (const key of Object.keys(record)) {
      this.#visit(this.#read(record, key, at), at, key)
    }
    this.#refuseSymbols(record, at)
  }

  #refuseSymbols(container: object, at: number): void {
    const symbols = Object.getOwnPropertySymbols(container)
    if (symbols.length === 0) return
    if (types.isArgumentsObject(container))
      this.#refuseAt(at, "is a function's arguments object", 'Pass an array: [...arguments].')
    for (const symbol of symbols) {
      if (Object.prototype.propertyIsEnumerable.call(container, symbol)) {
        this.#refuse(
          at,
          { shown: `[${String(symbol)}]` },
          'is named by a symbol, which is not copied',
          'Name it by a string.',
        )
      }
    }
  }

  #enterInstance(value: object, { packing, address }: SharedClass, at: number): void {
    this.special = true
    if (packing === undefined) {
      if (Object.hasOwn(value, tag))
        this.#refuse(at, tag, 'has a name that is kept for atonce itself', 'Name it otherwise.')
      this.#refuseHiddenProperties(value, at)
      return this.#enterPlain(value as Record<string, unknown>, at)
    }
    const data = this.#pack(value, packing, address.name, at)
    this.packed.set(value, data)
    this.#visit(data, at, packedData)
  }

  #pack(value: object, packing: Packing<object, unknown>, name: string, at: number): unknown {
    try {
      const crossing: LendCrossing = {
        sharedMemory: this.#crossing.sharedMemory,
        transfer: value => this.#moving.handOver(value),
        crossing: this.#crossing,
        lend: this.#crossing.lends ? lent => void this.loans.push(lent) : undefined,
      }
      return packing.pack(value, crossing)
    } catch (cause) {
      return this.#refuseAt(
        at,
        `is an instance of ${name} that can't be sent: ${messageOf(cause)}`,
        '',
        cause,
      )
    }
  }

  /** Properties that a class makes non-enumerable still belong to its instances. */
  #refuseHiddenProperties(value: object, at: number): void {
    const names = Object.getOwnPropertyNames(value)
    if (names.length === Object.keys(value).length) return
    for (const name of names) {
      if (!Object.prototype.propertyIsEnumerable.call(value, name))
        this.#refuse(
          at,
          name,
          'is not enumerable, and would not be copied',
          'Give the class pack and unpack: shareable(import.meta, Class, { pack, unpack }).',
        )
    }
  }

  #enterBuiltIn(value: object, at: number): void {
    if (ArrayBuffer.isView(value)) return this.#enterView(value, at)
    if (types.isArrayBuffer(value)) {
      this.leaves.push(value)
      return this.#enterBuffer(value, value, at)
    }
    if (types.isSharedArrayBuffer(value)) return this.#needSharedMemory(at, 'is a SharedArrayBuffer')
    if (isError(value)) {
      this.special = true
      return // Its properties cross as far as they can; an error is never refused because of them.
    }
    if (types.isMap(value) && isBuiltIn(value, 'Map')) {
      this.#refuseProperties(value, 'Map', at)
      for (const [key, item] of value) {
        this.#visit(key, at, keyOfMap)
        this.#visit(item, at, typeof key === 'string' ? { get: key } : itemOf)
      }
      return
    }
    if (types.isSet(value) && isBuiltIn(value, 'Set')) {
      this.#refuseProperties(value, 'Set', at)
      for (const item of value) this.#visit(item, at, itemOf)
      return
    }
    if (types.isDate(value) && isBuiltIn(value, 'Date')) {
      this.leaves.push(value)
      return this.#refuseProperties(value, 'Date', at)
    }
    if (types.isRegExp(value) && isBuiltIn(value, 'RegExp'))
      return this.#refuseProperties(value, 'RegExp', at)
    if (types.isBoxedPrimitive(value) && boxes.some(name => isBuiltIn(value, name))) return
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
    if (kind === 'WebAssembly.Module' || kind === 'WebAssembly.Memory') {
      if (!types.isArrayBuffer((value as { buffer?: unknown }).buffer))
        return this.#needSharedMemory(at, `is a ${kind}`)
      this.#refuseAt(
        at,
        'is a WebAssembly.Memory that is not shared',
        'Pass memory.buffer.slice(), or make it with { shared: true, initial, maximum }.',
      )
    }
    if (value instanceof MessagePort || isHandle(value)) return this.#enterHandle(value as Moved, at)
    if (isCopiedBetweenThreads(value)) {
      if (this.#crossing.sharedMemory) return
      this.#refuseAt(at, `is a ${classNameOf(value)}, which goes to no other process`, insteadOfCopy(value))
    }
    this.#refuseInstance(value, at)
  }

  #enterView(view: ArrayBufferView, at: number): void {
    const isBuffer = Object.getPrototypeOf(view) === Buffer.prototype
    if (isBuffer) this.special = true
    else if (!isBuiltInView(view)) this.#refuseInstance(view, at)
    const { buffer } = view
    if (types.isSharedArrayBuffer(buffer))
      return this.#needSharedMemory(at, 'is a view on a SharedArrayBuffer')
    // A Buffer travels as its own bytes, without the rest of its underlying buffer.
    if (isBuffer && !buffer.detached && !this.#moving.has(view)) {
      if (view.byteLength === buffer.byteLength) this.leaves.push(view)
      return this.#count(view.byteLength)
    }
    this.leaves.push(view)
    this.#enterBuffer(view, buffer, at)
  }

  #enterBuffer(value: object, buffer: ArrayBuffer, at: number): void {
    if (buffer.detached)
      this.#refuseAt(
        at,
        'was moved already: its buffer is empty (detached)',
        'Move a value once; send a copy (slice()) if you need it twice.',
      )
    const withBuffer = value === buffer ? undefined : this.#moving.take(buffer)
    const moved = this.#moving.take(value) ?? withBuffer
    if (moved === undefined) {
      // Several views on one buffer: it is copied once, or moves.
      if (this.#counted.has(buffer) || this.transfer.includes(buffer)) return
      this.#counted.add(buffer)
      return this.#count(buffer.byteLength)
    }
    this.#moves(moved, at)
  }

  #enterHandle(handle: Moved, at: number): void {
    const name = classNameOf(handle)
    if (!this.#crossing.sharedMemory)
      this.#refuseAt(at, `is a ${name}, which goes to no other process`, 'Make one there, or use threads().')
    if (this.#moving.take(handle) === undefined)
      this.#refuseAt(at, `is a ${name}, which can only be moved`, 'Wrap it: move(it).')
    this.#moves(handle, at)
  }

  #moves(moved: Moved, at: number): void {
    const problem = whyUnmovable(moved)
    if (problem !== undefined) this.#refuseAt(at, `can't be moved: move() ${problem}`, '')
    this.#moving.add(moved)
  }

  #needSharedMemory(at: number, what: string): void {
    if (this.#crossing.sharedMemory) return
    this.#refuseAt(
      at,
      `${what}, and another process shares no memory with this one`,
      'Pass a copy of the data, or use threads().',
    )
  }

  #read(container: object, key: string | number, at: number): unknown {
    try {
      return (container as Record<string | number, unknown>)[key]
    } catch (cause) {
      return this.#refuseGetter(at, key, cause)
    }
  }

  #refuseGetter(at: number, key: string | number, cause: unknown): never {
    return this.#refuse(at, key, 'is a getter that throws', 'Pass plain data.', cause)
  }

  #count(bytes: number): void {
    this.#payloadBytes += bytes
    const { maxPayloadBytes, smaller } = this.#crossing
    if (this.#payloadBytes > maxPayloadBytes)
      throw new PayloadTooLargeError(this.#payloadBytes, maxPayloadBytes, smaller)
  }

  /** The platform copies the object itself but silently drops properties added to it. */
  #refuseProperties(value: object, name: string, at: number): void {
    const [key] = Object.keys(value)
    if (key !== undefined)
      this.#refuse(at, key, `was put on a ${name}, and would not be copied`, 'Pass it beside.')
  }

  #refuseInstance(value: object, at: number): never {
    const name = classNameOf(value)
    return this.#refuseAt(at, `is an instance of ${name ?? 'a class without a name'}`, cureFor(value, name))
  }

  /** Refuses the object of that number. */
  #refuseAt(at: number, what: string, cure: string, cause?: unknown): never {
    return this.#refuse(this.#parents[at] as number, this.#steps[at] as Step, what, cure, cause)
  }

  #refuse(parent: number, step: Step, what: string, cure: string, cause?: unknown): never {
    const path = this.#pathOf(parent, step)
    throw new SerializationError(
      path,
      `${sentence(`${path} ${what}`)} ${cure}`.trim(),
      cause === undefined ? undefined : { cause },
    )
  }

  /** `args[0].rows.get("a")[3]` */
  #pathOf(parent: number, last: Step): string {
    const steps: Step[] = []
    for (
      let at = parent, step = last;
      at >= 0;
      step = this.#steps[at] as Step, at = this.#parents[at] as number
    )
      steps.push(step)
    return pathOf(this.#root, steps.reverse())
  }
}

function reverseFrom(numbers: number[], from: number): void {
  for (let low = from, high = numbers.length - 1; low < high; low += 1, high -= 1) {
    const moved = numbers[low] as number
    numbers[low] = numbers[high] as number
    numbers[high] = moved
  }
}

const boxes = ['Number', 'String', 'Boolean', 'BigInt']
