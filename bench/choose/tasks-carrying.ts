/**
 * Functions that get and give much: texts, records, buffers. Those on buffers have a form that
 * moves and one that shares.
 */
import { move, task } from 'atonce'

const repeatable = { idempotent: true }

export interface Person {
  readonly id: number
  readonly city: string
  readonly amount: number
  readonly quantity: number
}

export const totalOfText = task(
  import.meta,
  function totalOfText(json: string): number {
    const rows = JSON.parse(json) as Person[]
    return rows.reduce((total, { amount }) => total + amount, 0)
  },
  repeatable,
)

export const sorted = task(
  import.meta,
  function sorted(numbers: readonly number[]): number[] {
    return numbers.toSorted((a, b) => a - b)
  },
  repeatable,
)

/** How alike two halves of a text are (Levenshtein): some ms on 1 KB. */
export const distance = task(
  import.meta,
  function distance(text: string): number {
    const [a, b] = [text.slice(0, text.length / 2), text.slice(text.length / 2)]
    let before = Array.from({ length: b.length + 1 }, (_, at) => at)
    for (let i = 1; i <= a.length; i += 1) {
      const now = [i]
      for (let j = 1; j <= b.length; j += 1)
        now[j] = Math.min(
          (before[j] as number) + 1,
          (now[j - 1] as number) + 1,
          (before[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        )
      before = now
    }
    return before[b.length] as number
  },
  repeatable,
)

export const byCity = task(
  import.meta,
  function byCity(people: readonly Person[]): Record<string, number> {
    const totals: Record<string, number> = {}
    for (const { city, amount, quantity } of people) totals[city] = (totals[city] ?? 0) + amount * quantity
    return totals
  },
  repeatable,
)

export interface Branch {
  readonly value: number
  readonly below: readonly Branch[]
}

export const depthOf = task(
  import.meta,
  function depthOf(tree: Branch): number {
    const of = ({ below }: Branch): number => 1 + below.reduce((most, one) => Math.max(most, of(one)), 0)
    return of(tree)
  },
  repeatable,
)

/** Each with each: much work on few records. */
export const nearest = task(
  import.meta,
  function nearest(people: readonly Person[]): number {
    let found = 0
    for (const one of people) {
      let least = Number.POSITIVE_INFINITY
      for (const other of people)
        if (other !== one)
          least = Math.min(least, Math.hypot(one.amount - other.amount, one.quantity - other.quantity))
      found += least
    }
    return found
  },
  repeatable,
)

function inverted<A extends Uint8Array>(bytes: A): A {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = 255 - (bytes[at] as number)
    bytes[at] = byte * byte
  }
  return bytes
}

export const invert = task(
  import.meta,
  function invert(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return inverted(bytes)
  },
  repeatable,
)
export const invertMoved = task(
  import.meta,
  function invertMoved(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return move(inverted(bytes))
  },
)
export const invertShared = task(import.meta, function invertShared(bytes: Uint8Array): number {
  return inverted(bytes).length
})

export const sumOf = task(
  import.meta,
  function sumOf(bytes: Uint8Array): number {
    let total = 0
    for (let at = 0; at < bytes.length; at += 1) total = (total * 31 + (bytes[at] as number)) | 0
    return total
  },
  repeatable,
)

/** Blurs 64 Ki doubles in place some times. */
function blurred<A extends Float64Array>(values: A): A {
  for (let pass = 0; pass < 60; pass += 1)
    for (let at = 1; at < values.length - 1; at += 1)
      values[at] = ((values[at - 1] as number) + (values[at] as number) * 2 + (values[at + 1] as number)) / 4
  return values
}

export const blur = task(
  import.meta,
  function blur(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return blurred(values)
  },
  repeatable,
)
export const blurMoved = task(
  import.meta,
  function blurMoved(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return move(blurred(values))
  },
)
export const blurShared = task(import.meta, function blurShared(values: Float64Array): number {
  return blurred(values).length
})

/** A histogram of 8 KiB, made 20 times: some 200 µs. */
export const histogram = task(
  import.meta,
  function histogram(bytes: Uint8Array<ArrayBuffer>): Uint32Array {
    const counts = new Uint32Array(256)
    for (let time = 0; time < 20; time += 1)
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at] as number
        counts[byte] = (counts[byte] as number) + 1
      }
    return counts
  },
  repeatable,
)
