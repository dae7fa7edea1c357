/**
 * A task that speaks atonce's own protocol, and lies: well-formed outside, wrong inside.
 *
 * The worker is the user's own code, so a forged result is no breach; but no lie may hurt the main program or the calls of
 * others.
 */
import { readdirSync, readlinkSync, writeSync } from 'node:fs'
import { Serializer } from 'node:v8'
import { isMainThread, MessagePort, workerData } from 'node:worker_threads'

const error = { classes: ['TypeError'], name: 'TypeError', message: 'forged', stack: '', properties: [] }
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
}

export const kindsOfLies: readonly string[] = Object.keys(lies)

/** Tells the lie about its own call, the worker's first; then waits, so that nothing else settles it. */
export function forge(kind: string): Promise<never> {
  send(lies[kind]?.(1))
  if (kind === 'brokenCrash') process.exit(1)
  return new Promise(() => setInterval(() => {}, 1_000))
}

function send(message: unknown): void {
  if (!isMainThread) return portOf(workerData, 3)?.postMessage(message)
  const serializer = new Serializer()
  serializer.writeHeader()
  serializer.writeValue(message)
  const body = serializer.releaseBuffer()
  const head = Buffer.alloc(5) // The kind is 0: a message.
  head.writeUInt32BE(body.length + 1)
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
