/**
 * What the parts of messages must look like to be accepted, as far as that is visible without
 * decoding them.
 *
 * Which side accepts what: from-worker.ts, to-worker.ts, lent/messages.ts.
 */
const { types } = process.getBuiltinModule('node:util')

/** What a message of each kind must hold. */
export type Shapes = ReadonlyMap<unknown, (message: Record<string, unknown>) => boolean>

/** Whether it holds a batch, as far as that is seen without reading it. */
export function isYielded(message: Record<string, unknown>): boolean {
  return (
    isPositive(message['count']) &&
    types.isUint8Array(message['bytes']) &&
    isListOf(message['loose'], item => isRecord(item) && isNumber(item['index']))
  )
}

export function isOutcome(value: unknown): boolean {
  if (!isRecord(value)) return false
  return value['ok'] === true
    ? isBoolean(value['special'])
    : value['ok'] === false && isFailure(value['failure'])
}

/** Checks the failure and all in it; causes may form a circle. */
export function isFailure(value: unknown): boolean {
  const found = [value]
  const seen = new Set<unknown>()
  for (const failure of found) {
    if (!isRecord(failure)) return false
    if (failure['kind'] === 'value') {
      if (!isBoolean(failure['special']) || !isString(failure['description'])) return false
    } else {
      const error = failure['error']
      if (failure['kind'] !== 'error' || !isRecord(error)) return false
      if (seen.has(error)) continue
      seen.add(error)
      if (!isPlainlyError(error)) return false
      if (error['cause'] !== undefined) found.push(error['cause'])
      for (const part of (error['errors'] ?? []) as unknown[]) found.push(part)
    }
  }
  return true
}

function isPlainlyError({
  classes,
  name,
  message,
  stack,
  properties,
  errors,
}: Record<string, unknown>): boolean {
  return (
    [name, message, stack].every(isString) &&
    isListOf(classes, isString) &&
    isListOf(properties, isProperty) &&
    (errors === undefined || Array.isArray(errors))
  )
}

function isProperty(value: unknown): boolean {
  return (
    isRecord(value) &&
    isString(value['name']) &&
    isBoolean(value['enumerable']) &&
    isBoolean(value['special'])
  )
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false
  // Not every(): it skips holes.
  for (const item of value) if (!isItem(item)) return false
  return true
}

export function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}

export function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** A number of what was counted from 0 or 1 on. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

export function isString(value: unknown): boolean {
  return typeof value === 'string'
}

export function isFlagOrNone(value: unknown): boolean {
  return value === undefined || isBoolean(value)
}

export function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

/** Of a module, as far as the side that declared something knows it. */
export function isVersionOrNone(value: unknown): boolean {
  return (
    value === undefined || (isRecord(value) && isNumber(value['mtimeMs']) && isNumber(value['sizeBytes']))
  )
}

/** The arguments of a call, or the inputs of a chunk. */
export function areArgs({ args, chunk }: Record<string, unknown>): boolean {
  return Array.isArray(args) || (chunk === true && ArrayBuffer.isView(args))
}

/** Whether the message is one of a protocol: `shapes` knows its kind, and what is of that kind. */
export function isOneOf(shapes: Shapes, message: unknown): boolean {
  return isRecord(message) && (shapes.get(message['kind'])?.(message) ?? false)
}
