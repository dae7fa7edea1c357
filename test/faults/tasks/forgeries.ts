/**
 * A task that speaks atonce's own protocol, and lies: well-formed outside, wrong inside.
 *
 * The worker is the user's own code, so a forged result is not a breach; but no lie may hurt the
 * main program or the calls of others.
 */
import { readdirSync, readlinkSync, statSync, writeSync } from 'node:fs'
import { Serializer } from 'node:v8'
import { isMainThread, MessagePort, workerData } from 'node:worker_threads'
import { headBytes, kinds, writeHead } from '../../../src/wire/transport/frame.ts'

const holdModule = new URL('./holding.ts', import.meta.url)
const error = { classes: ['TypeError'], name: 'TypeError', message: 'forged', stack: '', properties: [] }
/** Right on the outside, as all that `isFailure` looks at. */
const nonsense = { kind: 'value', value: { '\0atonce': 'Nonsense' }, special: true, description: '' }
const failed = (inside: Record<string, unknown>) => (seq: number) => ({
  kind: 'failed',
  seq,
  workMs: 0,
  failure: { kind: 'error', error: { ...error, ...inside } },
})

const lies: Record<string, (seq: number) => unknown> = {
  readyAgain: () => ({ kind: 'ready' }),
  foreignJob: seq => ({ kind: 'done', seq: seq + 1_000, value: 'forged', special: false, workMs: 0 }),
  chunkOfNulls: seq => ({ kind: 'doneChunk', seq, workMs: 0, outcomes: [null, 1, 'text', { ok: false }] }),
  nullCause: failed({ cause: null }),
  numberCause: failed({ cause: 5, errors: 'none' }),
  nullErrors: failed({ errors: [null, undefined] }),
  nullProperty: failed({ properties: [null] }),
  hostileProperty: failed({
    properties: [
      { name: '__proto__', enumerable: true, value: { polluted: 1 }, special: false },
      { name: 'constructor', enumerable: true, value: 1, special: false },
    ],
  }),
  hostileClasses: failed({ classes: ['constructor', '__proto__', 'toString', 'Object'], name: '__proto__' }),
  nullClasses: failed({ classes: [null, 5, {}], name: 7 }),
  brokenStandIn: seq => ({
    kind: 'done',
    seq,
    value: { '\0atonce': 'Error', error: null },
    special: true,
    workMs: 0,
  }),
  strangeStandIn: seq => ({
    kind: 'done',
    seq,
    value: { '\0atonce': 'constructor' },
    special: true,
    workMs: 0,
  }),
  strangeNumbers: () => ({ kind: 'progress', seq: Number.NaN, done: Number.NaN, total: 'all' }),
  brokenCrash: () => ({
    kind: 'crashed',
    failure: { kind: 'error', error: { ...error, cause: null, properties: [null] } },
  }),
  crashOfNonsense: () => ({ kind: 'crashed', failure: nonsense }),
  failedOfNonsense: seq => ({ kind: 'failed', seq, workMs: 0, failure: nonsense }),
  chunkOfNonsense: seq => ({
    kind: 'doneChunk',
    seq,
    workMs: 0,
    outcomes: [{ ok: false, failure: nonsense }],
  }),
  causeOfNonsense: failed({ cause: nonsense }),
  unknownClass: special({ '\0atonce': place(import.meta.url, 'Nobody', 0) }),
  hostileClass: special({ '\0atonce': place('__proto__', 'constructor', 'length') }),
  nullClass: special({ '\0atonce': null }),
  hostilePacked: special({ '\0atonce': 'Packed', of: place('constructor', '__proto__', -1), data: null }),
  packedOfNothing: special({ '\0atonce': 'Packed' }),
  nestOfNobody: seq => nest(seq + 1_000),
  nestOfNothing: seq => ({ ...nest(seq), module: 'data:text/javascript,' }),
  nestBroken: seq => ({ ...nest(seq), args: { length: 'many' }, moved: [null] }),
  unnestOfNobody: seq => ({
    kind: 'unnest',
    seq: seq + 1_000,
    id: 1,
    failure: { kind: 'error', error },
  }),
  unnestOfNothing: seq => ({ kind: 'unnest', seq, id: 5, failure: { kind: 'error', error } }),
  yieldedByNobody: seq => yielded(seq + 1_000),
  yieldedByNoStream: yielded,
  yieldedOneByNoStream: seq => ({ kind: 'yieldedOne', seq, value: 1, special: false, weight: 1 }),
  returningNoStream: seq => ({ kind: 'returning', seq }),
  droppedByNobody: seq => ({ kind: 'dropped', seq: seq + 1_000 }),
  droppedUncancelled: seq => ({ kind: 'dropped', seq }),
  helpedWithNothing: () => ({ kind: 'done', seq: -1, value: 'forged', special: false, workMs: 0 }),
  initializedAgain: () => ({ kind: 'done', seq: -(2 ** 30), value: 1, special: false, workMs: 0 }),
  storageToMain: () => ({ kind: 'storage', ref: 1, place: place(import.meta.url, 'x', 0) }),
  lentByNobody: () => ({ kind: 'lent', link: 1, message: { kind: 'taken', count: 1 } }),
  lentOfNothing: () => ({ kind: 'lent', link: 1, message: null }),
  wornAtOnce: () => ({ kind: 'worn' }),
}

function special(value: unknown): (seq: number) => unknown {
  return seq => ({ kind: 'done', seq, value, special: true, workMs: 0 })
}

function place(module: string, name: string, position: unknown): object {
  return { module, name, position, version: undefined, digest: '' }
}

function yielded(seq: number): object {
  return { kind: 'yielded', seq, count: 1, bytes: new Uint8Array([255, 255, 255]), loose: [] }
}

/** A call of `hold`, the first task of its module, as if its worker had made it. */
function nest(seq: number): Record<string, unknown> {
  const { mtimeMs, size } = statSync(holdModule)
  return {
    kind: 'nest',
    seq,
    id: 5,
    module: holdModule.href,
    position: 0,
    name: 'hold',
    version: { mtimeMs, sizeBytes: size },
    digest: '',
    args: [],
    special: false,
    chunk: false,
    attempt: 1,
    priority: 0,
    moved: [],
  }
}

/** Two calls of the same number; then its own call is answered. */
export async function forgeTwice(): Promise<string> {
  send(nest(1))
  send(nest(1))
  await new Promise(resolve => setTimeout(resolve, 200))
  return 'done'
}

export const kindsOfLies: readonly string[] = Object.keys(lies)

/** The head of a frame, and nothing of its body. */
function sendHalf(): void {
  const head = Buffer.alloc(headBytes)
  writeHead(head, kinds.message, 1_000)
  for (const fd of sockets()) writeSync(fd, head)
}

/**
 * Lies that are believed: the other side takes the call for answered, and can't know that its
 * worker is still at it.
 */
export const believedLies: readonly string[] = [
  'hostileProperty',
  'hostileClasses',
  'causeOfNonsense',
  'unknownClass',
  'hostileClass',
  'hostilePacked',
]

/**
 * Tells the lie about its own call, the worker's first; then waits, so that nothing else settles
 * it. After a lie that is believed it returns some time later: the calls behind it would wait as
 * behind any task that never ends.
 */
export function forge(kind: string): Promise<void> {
  if (kind === 'halfMessage') sendHalf()
  if (kind in lies) send(lies[kind]?.(1))
  if (kind === 'brokenCrash') process.exit(1)
  if (believedLies.includes(kind)) return new Promise(resolve => setTimeout(resolve, 300))
  return new Promise(() => setInterval(() => {}, 1_000))
}

function send(message: unknown): void {
  if (!isMainThread) return portOf(workerData, 3)?.postMessage(message)
  const serializer = new Serializer()
  serializer.writeHeader()
  serializer.writeValue(message)
  const body = serializer.releaseBuffer()
  const head = Buffer.alloc(headBytes)
  writeHead(head, kinds.message, body.length)
  for (const fd of sockets()) writeSync(fd, Buffer.concat([head, body]))
}

function portOf(value: unknown, depth: number): MessagePort | undefined {
  if (value instanceof MessagePort) return value
  if (typeof value !== 'object' || value === null || depth === 0) return undefined
  for (const part of Object.values(value)) {
    const port = portOf(part, depth - 1)
    if (port !== undefined) return port
  }
  return undefined
}

function sockets(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter(fd => {
      try {
        return fd > 2 && readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
      } catch {
        return false
      }
    })
}
