/** `move()`: hands a buffer over instead of copying it. */
import { isMarkedAsUntransferable, MessagePort } from 'node:worker_threads'
import { SerializationError } from '../errors.ts'

const { types } = process.getBuiltinModule('node:util')

/** What can be moved: a buffer, a view on one (the whole buffer moves), or the end of a message channel. */
export type Movable = ArrayBuffer | ArrayBufferView<ArrayBuffer> | MessagePort

const marked = new WeakSet<object>()
/** Marks that were made and not taken yet; while there are none, nobody has to look for them. */
let outstanding = 0

/**
 * Marks a value to be moved, not copied, when it is next sent: as an argument, inside of one, or in a task's result.
 * Returns the same value. Once it is sent, the sender's buffer is empty (detached).
 *
 * On threads this costs some 20 µs whatever the size, where a copy costs about 1 ms for each MiB and direction.
 * Processes share no memory: there the bytes are copied, and the sender's buffer is detached all the same. On
 * `coroutines` nothing is sent: the task gets the value itself.
 *
 * @throws SerializationError if the value can't be moved: no buffer, already moved, or part of Node's shared buffer pool.
 * @example
 *     const blurred = await pool.run(blur, move(pixels))
 */
export function move<T extends Movable>(value: T): T {
  const buffer = movableOf(value)
  if (buffer === undefined) {
    throw new SerializationError(
      'move(…)',
      'move() takes an ArrayBuffer, a typed array or a MessagePort. Anything else is copied: pass it as it is.',
    )
  }
  const problem = whyUnmovable(buffer)
  if (problem !== undefined) throw new SerializationError('move(…)', `move() ${problem}`)
  putMark(value)
  return value
}

/** Marks it again: the message that took the mark was not sent. */
export function putMark(value: object): void {
  if (!marked.has(value)) outstanding += 1
  marked.add(value)
}

/** The buffer or port that moves with `value` if it was marked, else undefined. */
export function markedToMove(value: object): ArrayBuffer | MessagePort | undefined {
  return outstanding > 0 && marked.has(value) ? movableOf(value) : undefined
}

/** Like `markedToMove`, and takes the mark: it counts for one message. */
export function takeMark(value: object): ArrayBuffer | MessagePort | undefined {
  if (outstanding === 0 || !marked.delete(value)) return undefined
  outstanding -= 1
  return movableOf(value)
}

/** Takes the marks in a value that is passed on as it is. */
export function takeMarks(value: unknown): void {
  if (outstanding > 0) for (const part of objectsIn(value)) takeMark(part)
}

/** Whether anything in the value is marked to be moved. */
export function holdsMarks(value: unknown): boolean {
  if (outstanding > 0) for (const part of objectsIn(value)) if (marked.has(part)) return true
  return false
}

/** Runs no getter, and no recursion: the value may be anything. */
function* objectsIn(value: unknown): Generator<object> {
  const found = [value]
  const seen = new Set<object>()
  for (const part of found) {
    if (typeof part !== 'object' || part === null || seen.has(part)) continue
    seen.add(part)
    yield part
    for (const inner of partsOf(part)) found.push(inner)
  }
}

function partsOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value) || types.isProxy(value)) return []
  if (Array.isArray(value) || types.isSet(value)) return value
  if (types.isMap(value)) return [...value].flat()
  return Object.values(Object.getOwnPropertyDescriptors(value)).map(({ value: part }) => part as unknown)
}

/** Why the value can't be moved now, or undefined. */
export function whyUnmovable(buffer: ArrayBuffer | MessagePort): string | undefined {
  if (buffer instanceof MessagePort) return undefined
  if (buffer.detached) return 'got a buffer that was moved already: it is empty (detached).'
  if (isMarkedAsUntransferable(buffer)) {
    return 'got a part of a buffer that Node shares between small Buffers. Copy it first: move(new Uint8Array(buffer)).'
  }
  return undefined
}

/** The buffer or port that a value is, or is a view on. */
export function movableOf(value: unknown): ArrayBuffer | MessagePort | undefined {
  if (value instanceof ArrayBuffer || value instanceof MessagePort) return value
  return ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? value.buffer : undefined
}
