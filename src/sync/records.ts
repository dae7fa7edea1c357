/**
 * Records of one shape on shared memory.
 *
 *     shared({ x: 'f64', hits: 'u32', name: 'text(32)', lock: 'mutex' }, 1000)
 *
 *     memory: │ x x x … │ hits hits … │ name name … │ lock lock … │     a column for each field
 *     column('x') ─▶ Float64Array over its column
 *     at(3).x ─▶ the same number as column('x')[3]
 */

import { checkWhole, shown } from '../checks.ts'
import { shareable } from '../declared/shareable.ts'
import { OptionError } from '../errors.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import type { Numbers } from '../runtime/races/watched-view.ts'
import { AtomicCounter } from './atomic-counter.ts'
import { Mutex } from './mutex.ts'
import { needsSharedMemory } from './needs-shared-memory.ts'
import {
  type NumberArray,
  type NumberKind,
  type NumberView,
  numberArrays,
  sharedBytes,
} from './shared-array.ts'
import { type Watched, watchArrived, watchedAlong, watchMemory, watchView } from './watched.ts'

/** What a field is: a number, a text of so many bytes of UTF-8, a lock, a counter. */
export type FieldKind = NumberKind | `text(${number})` | 'mutex' | 'counter'
/** Names and kinds of the fields. */
export type Shape = Readonly<Record<string, FieldKind>>

/** What a field is in a row. */
export type FieldValue<F extends FieldKind> = F extends NumberKind
  ? number
  : F extends 'mutex'
    ? Mutex
    : F extends 'counter'
      ? AtomicCounter
      : string
/** What locks and counters are can't be written. */
type FixedKind = 'mutex' | 'counter'
/** One record: its fields, read and written as properties; locks and counters can’t be replaced. */
export type Row<S extends Shape> = {
  -readonly [N in keyof S as S[N] extends FixedKind ? never : N]: FieldValue<S[N]>
} & { readonly [N in keyof S as S[N] extends FixedKind ? N : never]: FieldValue<S[N]> }

type NumberNames<S extends Shape> = { [N in keyof S]: S[N] extends NumberKind ? N : never }[keyof S]

/**
 * Makes `count` records on memory that all threads see. They may be an argument of a task on
 * threads.
 *
 * Reading and writing a number costs what a typed array does; a text is decoded at each reading.
 * Nothing is locked by itself.
 *
 * @throws OptionError for a kind that does not exist, and for more memory than there is
 * @example
 *     const pages = shared({ hits: 'counter', weight: 'f64', url: 'text(200)' }, urls.length)
 *     pages.at(0).url = 'https://example.org/'
 *     pages.at(0).hits.add(1)
 *     pages.column('weight').fill(1)
 */
export function shared<const S extends Shape>(shape: S, count: number): Records<S> {
  return new Records(shape, count)
}

interface Column {
  readonly kind: FieldKind
  readonly offset: number
  readonly bytesEach: number
}

/** Made by `shared`. */
export class Records<S extends Shape = Shape> {
  readonly shape: S
  readonly length: number
  readonly #buffer: SharedArrayBuffer
  readonly #columns = new Map<string, Column>()
  readonly #views = new Map<string, ArrayBufferView>()
  readonly #rowClass: new (
    index: number,
  ) => object

  constructor(shape: S, length: number, buffer?: SharedArrayBuffer, along: Watched = {}) {
    this.shape = shape
    this.length = length
    const fields = Object.entries(shape ?? {})
    if (fields.length === 0)
      throw new OptionError("shared(shape, count) takes at least one field, as shared({ x: 'f64' }, 10).")
    let bytesOfOne = 0
    let offset = 0
    for (const [name, kind] of fields) {
      const bytesEach = bytesOf(name, kind)
      this.#columns.set(name, { kind, offset, bytesEach })
      bytesOfOne += bytesEach
      offset += 8 * Math.ceil((bytesEach * length) / 8) // Each column begins where any number may.
    }
    this.#buffer = buffer ?? sharedBytes('shared(shape, count)', length, bytesOfOne)
    if (buffer === undefined && offset > this.#buffer.byteLength)
      this.#buffer = sharedBytes('shared(shape, count)', offset, 1)
    if (buffer === undefined) watchMemory(this.#buffer, offset / 4, this.#columns.size * length)
    else watchArrived(buffer, along)
    let firstCell = 0
    for (const [name, column] of this.#columns) {
      this.#views.set(name, viewOf(this.#buffer, name, column, length, firstCell))
      firstCell += length
    }
    this.#rowClass = rowClassOf(this.#columns, this.#views)
  }

  /**
   * The record number `index`: reading and writing its fields reads and writes shared memory.
   * @throws OptionError
   */
  at(index: number): Row<S> {
    checkWhole('at(index)', index, 0, this.length - 1)
    return new this.#rowClass(index) as Row<S>
  }

  /**
   * One field of all records, as a typed array.
   * @throws OptionError if it is not a field of numbers
   */
  column<N extends NumberNames<S>>(name: N): NumberView<S[N] & NumberKind> {
    const column = this.#columns.get(name as string)
    if (column === undefined || !Object.hasOwn(numberArrays, column.kind))
      throw new OptionError(
        `column(name) takes a field of numbers; it got ${shown(name)}, which is ${column === undefined ? 'not a field' : column.kind}.`,
      )
    return this.#views.get(name as string) as unknown as NumberView<S[N] & NumberKind>
  }

  *[Symbol.iterator](): Generator<Row<S>, undefined> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)
  }

  static {
    // Bundled to CommonJS, there is no import.meta.
    shareable(import.meta?.url ?? urlOfCaller(undefined), Records, {
      pack(records: Records, crossing) {
        needsSharedMemory(crossing, 'set of shared records')
        const { shape, length } = records
        return { shape, length, buffer: records.#buffer, ...watchedAlong(records.#buffer) }
      },
      unpack: (packed: { shape: Shape; length: number; buffer: SharedArrayBuffer } & Watched) =>
        new Records(packed.shape, packed.length, packed.buffer, packed),
    })
  }
}

const mostTextBytes = 999_999_999

function bytesOf(name: string, kind: unknown): number {
  if (kind === 'mutex' || kind === 'counter') return 4
  if (typeof kind === 'string' && Object.hasOwn(numberArrays, kind))
    return numberArrays[kind as NumberKind].BYTES_PER_ELEMENT
  const [, bytes] = /^text\((\d+)\)$/.exec(String(kind)) ?? []
  if (bytes !== undefined)
    return checkWhole(`shared({ ${name}: 'text(bytes)' })`, Number(bytes), 1, mostTextBytes)
  throw new OptionError(
    `shared({ ${name}: … }) takes ${Object.keys(numberArrays).join(', ')}, text(bytes), mutex or counter; it got ${shown(kind)}.`,
  )
}

function viewOf(
  buffer: SharedArrayBuffer,
  name: string,
  { kind, offset, bytesEach }: Column,
  length: number,
  firstCell: number,
): ArrayBufferView {
  if (kind === 'mutex' || kind === 'counter') return new Int32Array(buffer, offset, length)
  const where = { firstCell, named: `${name} of record #`, firstNumber: 0 }
  if (!Object.hasOwn(numberArrays, kind))
    return watchView(new Uint8Array(buffer, offset, length * bytesEach), { ...where, perCell: bytesEach })
  const made = numberArrays[kind as NumberKind] as NumberArray<Numbers>
  return watchView(new made(buffer, offset, length), { ...where, perCell: 1 })
}

/**
 * A class whose instances are rows: getters and setters of the fields, on the prototype, made once
 * for all rows.
 */
function rowClassOf(columns: ReadonlyMap<string, Column>, views: ReadonlyMap<string, ArrayBufferView>) {
  class RecordRow {
    readonly #index: number
    constructor(index: number) {
      this.#index = index
    }
    static {
      for (const [name, column] of columns) {
        const field = fieldOf(name, column, views.get(name) as ArrayBufferView)
        Object.defineProperty(RecordRow.prototype, name, {
          enumerable: true,
          get(this: RecordRow) {
            return field.read(this.#index)
          },
          set(this: RecordRow, value: never) {
            field.write(this.#index, value)
          },
        })
      }
    }
  }
  return RecordRow
}

interface Field {
  read(index: number): unknown
  write(index: number, value: never): void
}

function fieldOf(name: string, { kind, bytesEach }: Column, view: ArrayBufferView): Field {
  if (kind === 'mutex' || kind === 'counter') {
    const words = view as Int32Array
    return {
      read(index) {
        const home = { words, at: index, name: `${name} of record ${index}` }
        return kind === 'mutex' ? new Mutex({}, home) : new AtomicCounter(0, home)
      },
      write(index) {
        throw new OptionError(`${name} of record ${index} is a ${kind}, which can't be replaced.`)
      },
    }
  }
  if (Object.hasOwn(numberArrays, kind)) {
    const numbers = view as Float64Array
    return {
      read: index => numbers[index],
      write(index, value: number) {
        numbers[index] = value
      },
    }
  }
  return textField(name, bytesEach, view as Uint8Array)
}

function textField(name: string, bytesEach: number, bytes: Uint8Array): Field {
  return {
    read(index) {
      const own = bytes.slice(index * bytesEach, (index + 1) * bytesEach) // A decoder takes no shared memory.
      const end = own.indexOf(0)
      return new TextDecoder().decode(end === -1 ? own : own.subarray(0, end))
    },
    write(index, value: string) {
      const text = String(value)
      const written = new TextEncoder().encode(text)
      if (written.length > bytesEach || text.includes('\0'))
        throw new OptionError(
          written.length > bytesEach
            ? `${name} is a text of ${bytesEach} bytes of UTF-8; this one has ${written.length}.`
            : `${name} is a text, which can't hold the character U+0000.`,
        )
      bytes.fill(0, index * bytesEach, (index + 1) * bytesEach)
      bytes.set(written, index * bytesEach)
    },
  }
}
