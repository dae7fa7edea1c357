/**
 * The functions that meet the faults. Plain functions of one argument, so that every library can
 * load this file by name.
 *
 * `marker` is a path: the task writes its process id there when it begins.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readlinkSync, writeFileSync, writeSync } from 'node:fs'
import { isMainThread, MessagePort, parentPort, workerData } from 'node:worker_threads'

function mark(marker: string | undefined): void {
  if (marker !== undefined) writeFileSync(marker, `${process.pid}\n`)
}

function forever(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 1_000))
}

export function echo(value: unknown): unknown {
  return value
}

export function sizeOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}

// The worker ends.

export function exit(code: number): never {
  process.exit(code)
}

export async function exitLater(code: number): Promise<never> {
  await new Promise(resolve => setImmediate(resolve))
  process.exit(code)
}

/** Ends its worker whatever it was given, however large. */
export function exitWith(_ballast: unknown): never {
  process.exit(4)
}

export function exitAfterResult(marker: string): string {
  afterResult(marker, () => process.exit(5))
  return 'done'
}

export function throwAfterResult(marker: string): string {
  afterResult(marker, () => {
    throw new Error('after the result')
  })
  return 'done'
}

export function rejectAfterResult(marker: string): string {
  afterResult(marker, () => void Promise.reject(new Error('after the result')))
  return 'done'
}

function afterResult(marker: string, act: () => void): void {
  setTimeout(() => {
    mark(marker)
    act()
  }, 30)
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('thrown from a timer')
  }, 1)
  return forever()
}

export function throwNullLater(): Promise<never> {
  setTimeout(() => {
    throw null
  }, 1)
  return forever()
}

export function rejectLater(): Promise<never> {
  void Promise.reject(new Error('rejected and not awaited'))
  return forever()
}

export function emitError(): Promise<never> {
  setImmediate(() => process.emit('error' as never, new Error('emitted') as never))
  return forever()
}

export async function killSelf(signal: NodeJS.Signals): Promise<never> {
  process.kill(process.pid, signal)
  return forever()
}

export function abort(): never {
  process.abort()
}

/** Leaves a process behind that holds the worker's output open for a second. */
export function exitWithGrandchild(): never {
  spawn('sleep', ['1'], { stdio: 'inherit' })
  process.exit(3)
}

/** What the worker does at its end has no end. */
export function spinAtExit(): string {
  process.on('exit', () => {
    for (;;);
  })
  return 'done'
}

export function throwLargeLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('x'.repeat(5 * 2 ** 20))
  }, 1)
  return forever()
}

// The worker stops answering.

export function spin(marker?: string): never {
  mark(marker)
  for (;;);
}

export async function spinOnPromises(marker?: string): Promise<never> {
  mark(marker)
  for (;;) await null
}

export function waitForever(marker?: string): void {
  mark(marker)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Never settles, and nothing in the worker's loop is left to do. */
export function never(marker?: string): Promise<never> {
  mark(marker)
  return new Promise(() => {})
}

export function hold(marker?: string): Promise<never> {
  mark(marker)
  return forever()
}

/** Busy, not stuck. */
export function busy(ms: number): string {
  const endAt = performance.now() + ms
  while (performance.now() < endAt);
  return 'done'
}

export function sleep(ms: number): Promise<string> {
  return new Promise(resolve => setTimeout(() => resolve('done'), ms))
}

/** Holds on for some time and then gives 'done'. */
export async function sleepMarked(argument: { marker: string; ms: number }): Promise<string> {
  mark(argument.marker)
  return sleep(argument.ms)
}

// Memory and stack.

export function fillMemory(): number {
  const hoard: unknown[] = []
  for (;;) hoard.push(Array.from({ length: 1_000 }, (_, n) => ({ n })))
}

export function fillMemoryInTurns(): Promise<never> {
  const hoard: unknown[] = []
  setInterval(() => hoard.push(Array.from({ length: 200_000 }, (_, n) => ({ n }))), 0)
  return new Promise(() => {})
}

export function overflow(): number {
  return 1 + overflow()
}

// The connection is attacked.

export function closeChannel(): string {
  if (isMainThread) process.disconnect?.()
  else parentPort?.close()
  return 'done'
}

/** Closes every socket of its process, whatever it is for. */
export async function closeSockets(): Promise<never> {
  const { closeSync } = await import('node:fs')
  for (const fd of sockets()) closeSync(fd)
  return forever()
}

/** Says things to the main program that no library taught it. */
export function forgeMessages(): string {
  const forged = [
    null,
    'garbage',
    42,
    [],
    {},
    { kind: 'done', seq: 1 },
    { kind: 'loaded' },
    { kind: 'nonsense' },
    { id: 1, result: 'forged', method: 'on', event: {} },
  ]
  for (const message of forged) {
    for (const port of ports()) port.postMessage(message)
    process.send?.(message ?? 'null')
  }
  return 'done'
}

/** Writes bytes that are no message into every socket of its process. */
export function forgeBytes(): Promise<never> {
  for (const fd of sockets()) writeSync(fd, Buffer.alloc(64, 0xff))
  return forever()
}

/** Announces a message of nearly 4 GB. */
export function forgeHugeFrame(): Promise<never> {
  const frame = Buffer.alloc(64)
  frame.writeUInt32BE(0xf0000000)
  for (const fd of sockets()) writeSync(fd, frame)
  return forever()
}

function ports(): { postMessage(message: unknown): void }[] {
  const found: { postMessage(message: unknown): void }[] = parentPort === null ? [] : [parentPort]
  const data = workerData as unknown
  for (const part of [data, ...(typeof data === 'object' && data !== null ? Object.values(data) : [])]) {
    if (part instanceof MessagePort) found.push(part)
  }
  return found
}

function sockets(): number[] {
  const own = readdirSync('/proc/self/fd').map(Number)
  return own.filter(fd => {
    try {
      return fd > 2 && readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  })
}

// The worker's surroundings are spoilt.

export function flood(lines: number): string {
  for (let line = 0; line < lines; line += 1) console.log(`${line} ${'x'.repeat(200)}`)
  return 'done'
}

export function floodErrors(lines: number): string {
  for (let line = 0; line < lines; line += 1) process.stderr.write(`${line} ${'x'.repeat(200)}\n`)
  return 'done'
}

export function replaceGlobals(): string {
  const broken = () => {
    throw new Error('a global that the task replaced')
  }
  JSON.stringify = broken as never
  JSON.parse = broken
  globalThis.setTimeout = broken as never
  globalThis.setImmediate = broken as never
  globalThis.queueMicrotask = broken
  globalThis.structuredClone = broken
  globalThis.Promise = broken as never
  globalThis.AbortController = broken as never
  return 'done'
}

export function pollutePrototypes(): string {
  Object.defineProperty(Object.prototype, 'kind', { value: 'polluted', writable: true, configurable: true })
  Object.defineProperty(Object.prototype, 'signal', { value: 'polluted', writable: true, configurable: true })
  Object.defineProperty(Array.prototype, 'extra', { value: 'polluted', enumerable: true, configurable: true })
  return 'done'
}

export function removeListeners(): string {
  process.removeAllListeners()
  parentPort?.removeAllListeners()
  return 'done'
}

// What is thrown.

class BankError extends Error {
  override readonly name = 'BankError'
  readonly code = 'E_BANK'
  readonly account: { owner: string; balance: bigint }
  constructor(message: string, options: ErrorOptions) {
    super(message, options)
    this.account = { owner: 'Ann', balance: 12n }
  }
}

const thrown: Record<string, () => unknown> = {
  null: () => null,
  undefined: () => undefined,
  string: () => 'a string',
  number: () => 42,
  symbol: () => Symbol('thrown'),
  function: () => function thrown() {},
  object: () => ({ reason: 'an object' }),
  custom: () => new BankError('no money', { cause: new TypeError('overdrawn') }),
  aggregate: () => new AggregateError([new Error('first'), new RangeError('second')], 'two failed'),
  domException: () => new DOMException('stopped by itself', 'AbortError'),
  hostileStack: () => Object.defineProperty(new Error('hostile stack'), 'stack', { get: throwing }),
  hostileMessage: () => Object.defineProperty(new Error(), 'message', { get: throwing }),
  cyclicCause: () => {
    const error = new Error('its own cause')
    error.cause = error
    return error
  },
  withFunction: () => Object.assign(new Error('holds a function'), { socket: () => {}, port: 80 }),
  withClass: () =>
    Object.assign(new Error('holds an instance'), { request: new (class Request {})(), attempt: 3 }),
  frozen: () => Object.freeze(new Error('frozen')),
  proxy: () => new Proxy(new Error('behind a proxy'), { get: throwing }),
  large: () => new Error('x'.repeat(5 * 2 ** 20)),
  deepCause: () => {
    let error = new Error('the innermost')
    for (let depth = 0; depth < 10_000; depth += 1) error = new Error('around it', { cause: error })
    return error
  },
  system: () => {
    try {
      readdirSync('/no/such/directory')
      return undefined
    } catch (error) {
      return error
    }
  },
}

function throwing(): never {
  throw new Error('a getter that throws')
}

export function fail(kind: string): never {
  throw thrown[kind]?.()
}

// What is returned.

class Money {
  readonly amount = 3
}

const returned: Record<string, () => unknown> = {
  function: () => () => 1,
  nestedFunction: () => ({ list: [1, { callback: () => 1 }] }),
  symbol: () => Symbol('returned'),
  instance: () => ({ money: new Money() }),
  promise: () => ({ later: Promise.resolve(1) }),
  weakMap: () => new WeakMap(),
  generator: () => ({
    numbers: (function* () {
      yield 1
    })(),
  }),
  getter: () => ({
    get secret() {
      return throwing()
    },
  }),
  deep: () => deepObject(),
  neverThenable: () => ({ then() {} }),
  hostileThenable: () =>
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('a then that throws')
      },
    }),
  error: () => ({ error: Object.assign(new RangeError('returned, not thrown'), { code: 'E_RANGE' }) }),
  mebibytes: () => new Uint8Array(3 * 2 ** 20).fill(7),
}

export function give(kind: string): unknown {
  return returned[kind]?.()
}

/** 200,000 objects, each inside the one before. */
export function deepObject(): object {
  let deep: object = {}
  for (let depth = 0; depth < 200_000; depth += 1) deep = { deep }
  return deep
}

/** No function, though it is exported. */
export const notFunction = 42

/**
 * Dies of an uncaught error though `process.exit` is a mock, as tests and command-line libraries
 * make one.
 */
export function dieUnderMockedExit(): Promise<never> {
  process.exit = (() => {}) as never
  return dieSoon()
}

/** The same where a listener to the end throws. */
export function dieUnderThrowingListener(): Promise<never> {
  process.on('exit', () => {
    throw new Error('a listener to exit')
  })
  return dieSoon()
}

function dieSoon(): Promise<never> {
  setTimeout(() => {
    throw new TypeError('boom')
  }, 1)
  return new Promise(() => {})
}

/** A failure under a hook that gives no text for a stack. */
export function failWithoutStack(): never {
  Error.prepareStackTrace = (_, sites) => sites
  throw new TypeError('boom')
}

/** What a hardening line in a module does; then its argument comes back. */
export function freezePrototypes(value: unknown): unknown {
  for (const { prototype } of [Object, Array, Error, Map, Promise]) Object.freeze(prototype)
  return value
}

/** Built-ins that a library may replace, and break. */
export const builtIns = [
  'push',
  'map',
  'iterator',
  'mapGet',
  'mapSet',
  'defineProperty',
  'then',
  'atomicsLoad',
  'postMessage',
  'bufferFrom',
]

/** Breaks one of them, then waits a moment: what follows may be needed to say so. */
export async function breakBuiltIn(name: string): Promise<string> {
  const broken = () => {
    throw new Error(`${name} was replaced`)
  }
  const { MessagePort } = globalThis
  const holders: Record<string, [any, PropertyKey]> = {
    push: [Array.prototype, 'push'],
    map: [Array.prototype, 'map'],
    iterator: [Array.prototype, Symbol.iterator],
    mapGet: [Map.prototype, 'get'],
    mapSet: [Map.prototype, 'set'],
    defineProperty: [Object, 'defineProperty'],
    then: [Promise.prototype, 'then'],
    atomicsLoad: [Atomics, 'load'],
    postMessage: [MessagePort.prototype, 'postMessage'],
    bufferFrom: [Buffer, 'from'],
  }
  const [holder, key] = holders[name] as [any, PropertyKey]
  holder[key] = broken
  return 'done'
}

/** Writes text to all sockets of its process, as to a descriptor that is another's by mistake. */
export function scribble(text: string): Promise<never> {
  for (const fd of sockets()) writeSync(fd, text)
  return new Promise(() => setInterval(() => {}, 1_000))
}
