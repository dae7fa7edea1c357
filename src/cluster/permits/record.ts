/**
 * Who holds how many permits of a queue, as the store has it; and how many each should hold.
 */
import { fromBytes } from '../../wire/portable/reader.ts'
import { toBytes } from '../../wire/portable/writer.ts'
import { isCount, isRecord } from '../../wire/shapes.ts'

/** One node that runs tasks of the queue. */
export interface Holder {
  readonly node: string
  /** How many of the queue's tasks it may run. */
  readonly count: number
  /** How many it could run. */
  readonly want: number
  /** Changes with each sign of life. */
  readonly beat: number
}

/** The record of a queue. No record is as one without a limit. */
export interface PermitRecord {
  /** How many tasks of the queue run at a time, on all nodes together; Infinity: no limit. */
  readonly most: number
  readonly holders: readonly Holder[]
}

const limits = { maxBytes: 1 << 20 }

export function writePermits(record: PermitRecord): Uint8Array {
  return toBytes(record, false, limits)
}

/** Undefined if the bytes are no record. */
export function readPermits(bytes: Uint8Array): PermitRecord | undefined {
  try {
    const { value } = fromBytes(bytes, limits)
    return isRecordOfPermits(value) ? value : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isRecordOfPermits(value: unknown): value is PermitRecord {
  if (!isRecord(value)) return false
  const { most, holders } = value
  const isLimit = most === Number.POSITIVE_INFINITY || isCount(most)
  return isLimit && Array.isArray(holders) && holders.every(isHolder)
}

function isHolder(value: unknown): value is Holder {
  return (
    isRecord(value) &&
    typeof value['node'] === 'string' &&
    ['count', 'want', 'beat'].every(name => isCount(value[name]))
  )
}

/**
 * What each of those who want some gets: all the same, nobody more than it wants, and what one does
 * not want goes to the others ("max-min fairness": Bertsekas and Gallager, "Data Networks", 1992, §
 * 6.5.2). The first ones get what can't be divided.
 */
export function sharesOf(most: number, wants: readonly number[]): number[] {
  const shares = wants.map(() => 0)
  let left = most
  for (;;) {
    const open = wants.flatMap((want, at) => (want > (shares[at] as number) ? [at] : []))
    if (open.length === 0 || left <= 0) return shares
    const each = Math.max(1, Math.floor(left / open.length))
    for (const at of open) {
      const more = Math.min(each, left, (wants[at] as number) - (shares[at] as number))
      shares[at] = (shares[at] as number) + more
      left -= more
    }
  }
}
