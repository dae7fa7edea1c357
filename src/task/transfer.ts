/** `move()`: hands a buffer over instead of copying it. */
// By the module's name: an old Node has no isMarkedAsUntransferable, and is to be told in another
// way that it is too old.
import * as workerThreads from 'node:worker_threads'
import { MessagePort, type Transferable } from 'node:worker_threads'
import { SerializationError } from '../errors.ts'

const { types } = process.getBuiltinModule('node:util')

/**
 * What the platform hands to another thread: memory, the end of a message channel, a web stream, an
 * open file.
 */
export type Moved = Transferable

/** A ReadableStream or a WritableStream, or a TransformStream. */
export type StreamHandle =
  | { readonly locked: boolean }
  | { readonly readable: object; readonly writable: object }

/** A FileHandle of node:fs/promises. */
export interface FileHandle {
  readonly fd: number
}

/** What can be moved: any of these; a view on a buffer moves the whole buffer. */
export type Movable = ArrayBuffer | ArrayBufferView<ArrayBuffer> | MessagePort | StreamHandle | FileHandle

const marked = new WeakSet<object>()
/** Marks that were made and not taken yet; while there are none, nobody has to look for them. */
let outstanding = 0

/**
 * Marks a value to be moved, not copied, when it is next sent: as an argument, inside of one, or in
 * a task's result. Returns the same value. Once it is sent, the sender's buffer is empty
 * (detached).
 *
 * On threads this costs some 20 µs whatever the size, where a copy costs about 1 ms for each MiB
 * and direction. Processes share no memory: there the bytes are copied, and the sender's buffer is
 * detached all the same; what is not memory is refused. On `coroutines` nothing is sent: the task
 * gets the value itself, and what is marked inside of an argument stays marked.
 *
 * A buffer that is marked moves with the views on it, whether it goes along itself or not:
 * `move(view.buffer)` is as good as `move(view)`.
 *
 * @throws SerializationError if the value can't be moved: nothing of these, already moved, in use,
 *   or part of Node's shared buffer pool.
 * @example
 *     const blurred = await pool.run(blur, move(pixels))
 */
export function move<T extends Movable>(value: T): T {
  const buffer = movableOf(value)
  if (buffer === undefined) {
    throw new SerializationError(
      'move(…)',
      'move() takes an ArrayBuffer, a typed array, a MessagePort, a web stream or a FileHandle. Pass anything else without it: it is copied, or refused with what to do instead.',
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

/**
 * What moves with `value`, if that was marked, or the buffer that it is a view on; else undefined.
 */
export function markedToMove(value: object): Moved | undefined {
  if (outstanding === 0) return undefined
  if (marked.has(value)) return movableOf(value)
  return ArrayBuffer.isView(value) && marked.has(value.buffer) ? movableOf(value) : undefined
}

/** Like `markedToMove`, and takes the mark: it counts for one message. */
export function takeMark(value: object): Moved | undefined {
  if (outstanding === 0 || !marked.delete(value)) return undefined
  outstanding -= 1
  return movableOf(value)
}

/**
 * Takes the mark of a value that is passed on as it is. Not of what stands inside of it: a mark
 * that never travels would cost each later call a walk over all that it is given.
 */
export function dropMark(value: unknown): void {
  if (outstanding > 0 && typeof value === 'object' && value !== null) takeMark(value)
}

/**
 * Whether one of these values is marked to be moved, or if they are to be sent, anything inside of
 * them.
 */
export function holdsMarks(values: Iterable<unknown>, sent: boolean): boolean {
  if (outstanding === 0) return false
  for (const part of sent ? objectsIn(values) : values)
    if (typeof part === 'object' && part !== null && markedToMove(part) !== undefined) return true
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
export function whyUnmovable(moved: Moved): string | undefined {
  if (moved instanceof MessagePort) return undefined
  if (!(moved instanceof ArrayBuffer)) return whyHeld(moved as StreamHandle | FileHandle)
  if (moved.detached) return 'got a buffer that was moved already: it is empty (detached).'
  if (workerThreads.isMarkedAsUntransferable(moved)) {
    return 'got a part of a buffer that Node shares between small Buffers. Copy it first: move(new Uint8Array(buffer)).'
  }
  return undefined
}

function whyHeld(handle: StreamHandle | FileHandle): string | undefined {
  if ('fd' in handle)
    return handle.fd < 0 ? 'got a file that is closed, or was moved already. Open it again.' : undefined
  const isLocked = 'locked' in handle ? handle.locked : isHeld(handle.readable) || isHeld(handle.writable)
  return isLocked
    ? 'got a stream that is locked: it was moved already, or has a reader or a writer.'
    : undefined
}

function isHeld(stream: object): boolean {
  return (stream as { readonly locked?: unknown }).locked === true
}

/** What moves with a value: itself, or the buffer that it is a view on. */
export function movableOf(value: unknown): Moved | undefined {
  if (value instanceof ArrayBuffer || value instanceof MessagePort) return value
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? value.buffer : undefined
  return typeof value === 'object' && value !== null && isHandle(value) ? (value as Moved) : undefined
}

const streams = ['ReadableStream', 'WritableStream', 'TransformStream'] as const

/** Whether it is a web stream or an open file, of the platform's own class. */
export function isHandle(value: object): value is StreamHandle | FileHandle {
  if (types.isProxy(value)) return false
  const of: unknown = Object.getPrototypeOf(value)?.constructor
  if (typeof of !== 'function') return false
  // The platform loads its streams when their global name is read: so the class's name goes first.
  const stream = streams.find(name => name === of.name)
  if (stream !== undefined) return globalThis[stream] === of
  return of.name === 'FileHandle' && 'fd' in value && typeof value.fd === 'number' && 'datasync' in value
}
