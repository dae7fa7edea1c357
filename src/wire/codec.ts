/**
 * Values ⇄ what the platform can copy.
 *
 *     encode: scan (refuse, find what moves, find what is special) ─▶ value as it is            ─▶ structured clone
 *                                                                  └▶ rewritten, if special    ─▶ structured clone
 *     decode: value as it is, or revived
 *
 * The platform's structured clone (HTML standard, "StructuredSerialize"; V8's ValueSerializer) keeps Date, Map, Set,
 * BigInt, typed arrays, NaN, undefined and cycles. It loses, without a word, the class of an instance, the properties
 * of an error, the Buffer in a Uint8Array, and properties named by symbols. The scan refuses the first and the last by
 * their path; the other two are special: rewritten to plain data here and revived there.
 *
 * Cost: the scan visits each object once, about a tenth of what the clone costs. Primitives cost nothing.
 */
import { types } from 'node:util'
import { MessagePort } from 'node:worker_threads'
import { PayloadTooLargeError, SerializationError } from '../errors.ts'
import { markedToMove, putMark, takeMark, whyUnmovable } from '../task/transfer.ts'
import { decodeError, encodeError, isError, sharingErrors, type WireError } from './failure.ts'

/** What can cross on a given transport. */
export interface Crossing {
  /** Whether both sides share memory: a SharedArrayBuffer, a MessagePort or a compiled WebAssembly module may cross. */
  readonly sharedMemory: boolean
  /** The most bytes of buffers and strings in one message. */
  readonly maxPayloadBytes: number
}

/** A value that is ready to be copied. */
export interface Encoded {
  readonly value: unknown
  /** Whether the other side must revive it. */
  readonly special: boolean
  /** Buffers and ports that move with it. */
  readonly transfer: readonly (ArrayBuffer | MessagePort)[]
}

/** The deepest nesting that crosses; V8's serializer overflows the stack of the main thread somewhat beyond it. */
const maxDepth = 1_000

const nothingMoves: readonly never[] = []

/**
 * Readies a value to be copied; `root` names it in errors, as `args`.
 * @throws SerializationError naming the path of what can't cross
 * @throws PayloadTooLargeError
 */
export function encode(value: unknown, root: string, crossing: Crossing): Encoded {
  if (isPrimitiveThatCrosses(value)) return { value, special: false, transfer: nothingMoves }
  const scan = new Scan(root, crossing)
  const found = scan.undoing(() => scan.run(value))
  return found.special
    ? {
        value: sharingErrors(() => rewrite(value, new Map(), crossing)),
        special: true,
        transfer: found.transfer,
      }
    : { value, special: false, transfer: found.transfer }
}

/** Brings back what `encode` made of a value. */
export function decode(value: unknown, special: boolean): unknown {
  return special ? sharingErrors(() => revive(value, new Map())) : value
}

/** Empties the sender's buffers after their bytes were copied, so that a moved value is gone on every executor. */
export function detach(transfer: readonly (ArrayBuffer | MessagePort)[]): void {
  for (const moved of transfer) {
    if (!(moved instanceof ArrayBuffer) || moved.detached) continue
    try {
      moved.transfer()
    } catch {} // The memory of a WebAssembly instance can't be taken from it; it was copied, as all the others.
  }
}

/** Whether these arguments cross as they are: few primitives. */
export function needsNoCodec(args: readonly unknown[]): boolean {
  if (args.length > 8) return false
  for (const arg of args) if (!isPrimitiveThatCrosses(arg)) return false
  return true
}

function isPrimitiveThatCrosses(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true
    case 'object':
      return value === null
    case 'string':
      return value.length < 1024
    default:
      return false
  }
}

/**
 * One walk over a value, without recursion: deep values must not overflow the stack. Depth first and in the order of the
 * platform's own walk, so that a chain of links is found as deep as the platform's recursion would go into it.
 */
class Scan {
  special = false
  readonly transfer: (ArrayBuffer | MessagePort)[] = []
  readonly #root: string
  readonly #crossing: Crossing
  readonly #objects: object[] = []
  readonly #parents: number[] = []
  readonly #steps: Step[] = []
  readonly #depths: number[] = []
  /** Numbers of the objects that were found and not entered yet, the next one last. */
  readonly #pending: number[] = []
  readonly #seen = new Set<object>()
  readonly #counted = new Set<ArrayBuffer>()
  readonly #taken: object[] = []
  #payloadBytes = 0

  constructor(root: string, crossing: Crossing) {
    this.#root = root
    this.#crossing = crossing
  }

  /** What is refused is not sent: the marks that the scan has taken stay for the next message. */
  undoing(step: () => this): this {
    try {
      return step()
    } catch (error) {
      for (const value of this.#taken) putMark(value)
      throw error
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

  /** Looks at a value that stands at `step` of the object number `parent`. */
  #visit(value: unknown, parent: number, step: Step): void {
    switch (typeof value) {
      case 'function':
        return this.#refuse(
          parent,
          step,
          `is a function${value.name === '' ? '' : ` (${value.name})`}`,
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
      this.#refuse(
        this.#parents[at] as number,
        this.#steps[at] as Step,
        `is nested more than ${maxDepth} levels deep`,
        'Flatten it: an array of rows, with indexes in place of links.',
      )
    }
    if (types.isProxy(value)) this.#refuseInstance(value, at)
    if (Array.isArray(value)) return this.#enterArray(value, at)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null || isForeignPlain(value, prototype))
      return this.#enterPlain(value as Record<string, unknown>, at)
    this.#enterBuiltIn(value, at)
  }

  #enterArray(array: readonly unknown[], at: number): void {
    if (Object.getPrototypeOf(array) !== Array.prototype && !isBuiltIn(array, 'Array'))
      this.#refuseInstance(array, at)
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
  }

  /** An array with holes may be a few items in a length of billions: only what is there is visited. */
  #enterSparse(array: readonly unknown[], from: number, at: number): void {
    for (const key of Object.keys(array)) {
      const index = Number(key)
      const shown = Number.isInteger(index) && index >= 0 ? index : key
      if (typeof shown === 'string' || shown >= from) this.#visit(this.#read(array, key, at), at, shown)
    }
  }

  #enterPlain(record: Record<string, unknown>, at: number): void {
    for (const key of Object.keys(record)) {
      this.#visit(this.#read(record, key, at), at, key)
    }
    for (const symbol of Object.getOwnPropertySymbols(record)) {
      if (Object.prototype.propertyIsEnumerable.call(record, symbol)) {
        this.#refuse(
          at,
          { shown: `[${String(symbol)}]` },
          'is named by a symbol, which is not copied',
          'Name it by a string.',
        )
      }
    }
  }

  #enterBuiltIn(value: object, at: number): void {
    if (ArrayBuffer.isView(value)) return this.#enterView(value, at)
    if (types.isArrayBuffer(value)) return this.#enterBuffer(value, value, at)
    if (types.isSharedArrayBuffer(value)) return this.#needSharedMemory(at, 'is a SharedArrayBuffer')
    if (isError(value)) {
      this.special = true
      return // Its properties are taken along as far as they can cross; an error is never refused for them.
    }
    if (value instanceof MessagePort) return this.#enterPort(value, at)
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
    if (types.isDate(value) && isBuiltIn(value, 'Date')) return this.#refuseProperties(value, 'Date', at)
    if (types.isRegExp(value) && isBuiltIn(value, 'RegExp'))
      return this.#refuseProperties(value, 'RegExp', at)
    if (types.isBoxedPrimitive(value) && boxes.some(name => isBuiltIn(value, name))) return
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
    if (kind === 'WebAssembly.Module' || kind === 'WebAssembly.Memory')
      return this.#needSharedMemory(at, `is a ${kind}`)
    this.#refuseInstance(value, at)
  }

  #enterView(view: ArrayBufferView, at: number): void {
    const isBuffer = Object.getPrototypeOf(view) === Buffer.prototype
    if (isBuffer) this.special = true
    else if (!isBuiltInView(view)) this.#refuseInstance(view, at)
    const { buffer } = view
    if (types.isSharedArrayBuffer(buffer))
      return this.#needSharedMemory(at, 'is a view on a SharedArrayBuffer')
    // A Buffer travels as its own bytes, without the rest of what it is a window on.
    if (isBuffer && !buffer.detached && markedToMove(view) === undefined) return this.#count(view.byteLength)
    this.#enterBuffer(view, buffer, at)
  }

  #enterBuffer(value: object, buffer: ArrayBuffer, at: number): void {
    if (buffer.detached)
      this.#refuse(
        this.#parents[at] as number,
        this.#steps[at] as Step,
        'was moved already: its buffer is empty (detached)',
        'Move a value once; send a copy (slice()) if you need it twice.',
      )
    const moved = this.#takeMark(value)
    if (moved === undefined) {
      if (this.#counted.has(buffer)) return // Several views on one buffer: it is copied once.
      this.#counted.add(buffer)
      return this.#count(buffer.byteLength)
    }
    const problem = whyUnmovable(moved)
    if (problem !== undefined)
      this.#refuse(
        this.#parents[at] as number,
        this.#steps[at] as Step,
        `can't be moved: move() ${problem}`,
        '',
      )
    if (!this.transfer.includes(moved)) this.transfer.push(moved)
  }

  #enterPort(port: MessagePort, at: number): void {
    this.#needSharedMemory(at, 'is a MessagePort')
    if (this.#takeMark(port) === undefined) {
      this.#refuse(
        this.#parents[at] as number,
        this.#steps[at] as Step,
        'is a MessagePort, which can only be moved',
        'Wrap it: move(port).',
      )
    }
    this.transfer.push(port)
  }

  #takeMark(value: object): ArrayBuffer | MessagePort | undefined {
    const moved = takeMark(value)
    if (moved !== undefined) this.#taken.push(value)
    return moved
  }

  #needSharedMemory(at: number, what: string): void {
    if (this.#crossing.sharedMemory) return
    this.#refuse(
      this.#parents[at] as number,
      this.#steps[at] as Step,
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
    if (this.#payloadBytes > this.#crossing.maxPayloadBytes)
      throw new PayloadTooLargeError(this.#payloadBytes, this.#crossing.maxPayloadBytes)
  }

  /** The platform copies what such an object is for, and drops without a word what somebody put on it. */
  #refuseProperties(value: object, name: string, at: number): void {
    const [key] = Object.keys(value)
    if (key !== undefined)
      this.#refuse(at, key, `was put on a ${name}, and would not be copied`, 'Pass it beside.')
  }

  #refuseInstance(value: object, at: number): never {
    const name = classNameOf(value)
    const cure =
      uncopyable.get(name) ??
      `A copy would lose its class. Pass a plain object: { ...${name[0]?.toLowerCase() ?? 'x'}${name.slice(1)} }, and make the ${name} in the task.`
    return this.#refuse(
      this.#parents[at] as number,
      this.#steps[at] as Step,
      `is an instance of ${name}`,
      cure,
    )
  }

  #refuse(parent: number, step: Step, what: string, cure: string, cause?: unknown): never {
    const path = this.#pathOf(parent, step)
    throw new SerializationError(
      path,
      `${path} ${what}. ${cure}`.trim(),
      cause === undefined ? undefined : { cause },
    )
  }

  /** `args[0].rows.get("a")[3]` */
  #pathOf(parent: number, last: Step): string {
    const steps: string[] = []
    for (
      let at = parent, step = last;
      at >= 0;
      step = this.#steps[at] as Step, at = this.#parents[at] as number
    )
      steps.push(stepOf(step))
    steps.reverse()
    const shown = steps.length > 24 ? [...steps.slice(0, 12), '…', ...steps.slice(-8)] : steps
    return this.#root + shown.join('')
  }
}

/** One step of a path: an index, a record's key, a Map's string key, or words where no expression leads. */
type Step = number | string | { readonly get: string } | { readonly shown: string }

const keyOfMap: Step = { shown: '.keys()' }
const itemOf: Step = { shown: '.values()' }

function reverseFrom(numbers: number[], from: number): void {
  for (let low = from, high = numbers.length - 1; low < high; low += 1, high -= 1) {
    const moved = numbers[low] as number
    numbers[low] = numbers[high] as number
    numbers[high] = moved
  }
}

function stepOf(step: Step): string {
  if (typeof step === 'number') return `[${step}]`
  if (typeof step === 'string')
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  return 'get' in step ? `.get(${JSON.stringify(step.get)})` : step.shown
}

const uncopyable = new Map([
  ['Promise', 'Await it first.'],
  ['WeakMap', 'Its entries can be seen by nobody; pass a Map.'],
  ['WeakSet', 'Its entries can be seen by nobody; pass a Set.'],
  ['WeakRef', 'Pass what it refers to.'],
  ['Generator', 'Collect it first: [...generator].'],
  ['AsyncGenerator', 'Collect it first: await Array.fromAsync(generator).'],
  ['URL', 'Pass url.href, and make the URL in the task.'],
  ['AbortSignal', 'Use executor.with({ signal }) and context().signal in the task.'],
  ['Proxy', 'Pass the object behind it.'],
])

function classNameOf(value: object): string {
  if (types.isProxy(value)) return 'Proxy'
  if (types.isGeneratorObject(value))
    return Object.prototype.toString.call(value) === '[object AsyncGenerator]'
      ? 'AsyncGenerator'
      : 'Generator'
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'an unnamed class'
}

/** A plain object of another realm (a vm context, as test runners make them): its prototype is that realm's root. */
function isForeignPlain(value: object, prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}

/** Whether the value is of the built-in class itself, of any realm, not of a subclass. */
function isBuiltIn(value: object, name: string): boolean {
  const prototype = Object.getPrototypeOf(value)
  const above = prototype === null ? null : Object.getPrototypeOf(prototype)
  return above !== null && prototype.constructor?.name === name && Object.getPrototypeOf(above) === null
}

const boxes = ['Number', 'String', 'Boolean', 'BigInt']

function isBuiltInView(view: ArrayBufferView): boolean {
  const prototype = Object.getPrototypeOf(view)
  const name: string = prototype?.constructor?.name ?? ''
  return /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$|^DataView$/.test(name)
}

/** Marks a plain object as the stand-in of something special; beside such, a user's own record with this key gets one too. */
const tag = '\u0000atonce'

type StandIn =
  | { readonly [tag]: 'Buffer'; readonly bytes: Uint8Array }
  | { readonly [tag]: 'Error'; readonly error: WireError }
  | { readonly [tag]: 'Object'; readonly entries: [string, unknown][] }

/** Copies the containers, with stand-ins for what is special. Same objects stay same objects. */
function rewrite(value: unknown, done: Map<object, unknown>, crossing: Crossing): unknown {
  if (typeof value !== 'object' || value === null) return value
  const before = done.get(value)
  if (before !== undefined) return before
  const note = <T>(copy: T): T => {
    done.set(value, copy)
    return copy
  }
  if (Buffer.isBuffer(value)) return note(bufferStandIn(value))
  if (isError(value))
    return note<StandIn>({
      [tag]: 'Error',
      error: encodeError(value, (part, path) => encode(part, path, crossing)),
    })
  if (Array.isArray(value)) {
    const copy: unknown[] = note(new Array(value.length))
    for (const key of Object.keys(value))
      copy[key as unknown as number] = rewrite(value[key as unknown as number], done, crossing)
    return copy
  }
  if (types.isMap(value)) {
    const copy = note(new Map<unknown, unknown>())
    for (const [key, item] of value) copy.set(rewrite(key, done, crossing), rewrite(item, done, crossing))
    return copy
  }
  if (types.isSet(value)) {
    const copy = note(new Set<unknown>())
    for (const item of value) copy.add(rewrite(item, done, crossing))
    return copy
  }
  if (isRecord(value)) {
    if (Object.hasOwn(value, tag)) {
      const entries: [string, unknown][] = []
      note<StandIn>({ [tag]: 'Object', entries })
      for (const key of Object.keys(value))
        entries.push([key, rewrite((value as Record<string, unknown>)[key], done, crossing)])
      return done.get(value)
    }
    const copy = note<Record<string, unknown>>({})
    for (const key of Object.keys(value))
      define(copy, key, rewrite((value as Record<string, unknown>)[key], done, crossing))
    return copy
  }
  return note(value)
}

function bufferStandIn(buffer: Buffer): StandIn {
  // A small Buffer is a window on a large pool; the clone would copy the whole pool. Shared memory stays shared.
  const { buffer: memory, byteOffset, byteLength } = buffer
  const asItIs = byteLength === memory.byteLength || types.isSharedArrayBuffer(memory)
  return {
    [tag]: 'Buffer',
    bytes: asItIs ? new Uint8Array(memory, byteOffset, byteLength) : new Uint8Array(buffer),
  }
}

/** Puts the real things back in place of their stand-ins, in the freshly made copy itself. */
function revive(value: unknown, done: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (done.has(value)) return done.get(value)
  done.set(value, value)
  if (Array.isArray(value)) {
    for (const key of Object.keys(value))
      value[key as unknown as number] = revive(value[key as unknown as number], done)
  } else if (types.isMap(value)) {
    const entries = [...value]
    value.clear()
    for (const [key, item] of entries) value.set(revive(key, done), revive(item, done))
  } else if (types.isSet(value)) {
    const items = [...value]
    value.clear()
    for (const item of items) value.add(revive(item, done))
  } else if (isRecord(value)) {
    if (Object.hasOwn(value, tag)) return reviveStandIn(value as StandIn, done)
    const record = value as Record<string, unknown>
    for (const key of Object.keys(record)) define(record, key, revive(record[key], done))
  }
  return value
}

function reviveStandIn(standIn: StandIn, done: Map<object, unknown>): unknown {
  const note = <T>(real: T): T => {
    done.set(standIn, real)
    return real
  }
  switch (standIn[tag]) {
    case 'Buffer':
      return note(
        Buffer.from(standIn.bytes.buffer as ArrayBuffer, standIn.bytes.byteOffset, standIn.bytes.byteLength),
      )
    case 'Error':
      return note(decodeError(standIn.error, decode))
    case 'Object': {
      const real = note<Record<string, unknown>>({})
      for (const [key, item] of standIn.entries) define(real, key, revive(item, done))
      return real
    }
  }
}

function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignPlain(value, prototype)
}

/** `__proto__` as a key is only data. */
function define(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  else record[key] = value
}
