/**
 * What leaves in one turn of the loop, as one flat list: the platform copies that several times as
 * fast as an object for each message.
 *
 *     [1, to, method, n, arg × n]  [2, id, to, method, within, n, arg × n]  [3, id, value]  [4, name]  [0, item]
 *
 * Methods are numbers, each named once for each direction. Only primitives go flat; anything else
 * goes as an item.
 */
import type { Item } from './items.ts'

const asItem = 0
const asTell = 1
const asAsk = 2
const asAnswer = 3
const asName = 4

export class BatchWriter {
  #parts: unknown[] = []
  readonly #names = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  item(item: Item): void {
    this.#parts.push(asItem, item)
  }

  canBeFlat(args: readonly unknown[]): boolean {
    return areFlat(args)
  }

  /** Only of arguments that can be flat. */
  tell(to: number, method: string, args: readonly unknown[]): void {
    const name = this.#name(method)
    const parts = this.#parts
    parts.push(asTell, to, name, args.length)
    for (const arg of args) parts.push(arg)
  }

  /** False if the arguments can't go flat. */
  ask(id: number, to: number, method: string, within: number, args: readonly unknown[]): boolean {
    if (!areFlat(args)) return false
    const name = this.#name(method)
    const parts = this.#parts
    parts.push(asAsk, id, to, name, within, args.length)
    for (const arg of args) parts.push(arg)
    return true
  }

  answer(id: number, value: unknown): boolean {
    if (!isFlat(value)) return false
    this.#parts.push(asAnswer, id, value)
    return true
  }

  take(): readonly unknown[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  #name(method: string): number {
    const known = this.#names.get(method)
    if (known !== undefined) return known
    const number = this.#names.size
    this.#names.set(method, number)
    this.#parts.push(asName, method)
    return number
  }
}

/** Who hears what a batch holds. */
export interface BatchReader {
  item(item: Item): void
  tell(to: number, method: string, args: readonly unknown[]): void
  ask(id: number, to: number, method: string, within: number, args: readonly unknown[]): void
  answer(id: number, value: unknown): void
}

/** Reads batches of one direction, in order. */
export class BatchNames {
  readonly #names: string[] = []

  /** @throws TypeError if it is not a batch */
  read(batch: unknown, to: BatchReader): void {
    if (!Array.isArray(batch)) throw new TypeError('not a list')
    let at = 0
    const args = (): unknown[] => {
      const count = batch[at] as number
      const from = at + 1
      at = from + count
      if (!(count >= 0 && at <= batch.length)) throw new TypeError('cut off')
      return batch.slice(from, at)
    }
    while (at < batch.length) {
      const code: unknown = batch[at]
      switch (code) {
        case asTell: {
          const [target, name] = [batch[at + 1] as number, this.#nameOf(batch[at + 2])]
          at += 3
          to.tell(target, name, args())
          break
        }
        case asAsk: {
          const [id, target, name] = [
            batch[at + 1] as number,
            batch[at + 2] as number,
            this.#nameOf(batch[at + 3]),
          ]
          const within = batch[at + 4] as number
          at += 5
          to.ask(id, target, name, within, args())
          break
        }
        case asAnswer:
          to.answer(batch[at + 1] as number, batch[at + 2])
          at += 3
          break
        case asName:
          this.#names.push(String(batch[at + 1]))
          at += 2
          break
        case asItem:
          to.item(batch[at + 1] as Item)
          at += 2
          break
        default:
          throw new TypeError(`unknown part ${String(code)}`)
      }
    }
  }

  #nameOf(number: unknown): string {
    const name = this.#names[number as number]
    if (name === undefined) throw new TypeError('a method without a name')
    return name
  }
}

function areFlat(args: readonly unknown[]): boolean {
  for (const arg of args) if (!isFlat(arg)) return false
  return true
}

function isFlat(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true
    default:
      return value === null
  }
}
