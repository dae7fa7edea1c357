/**
 * What arguments and options are refused, by every function that a user calls.
 *
 *     checkOptions('threads(…)', options, names)   an option that does not exist is refused, with the one that was meant;
 *                                                  those that are the object's own are returned
 *     checkMs · checkCount · checkSignal · …       a value out of its range is refused, with what was got
 *
 * Each throws an OptionError at the call, before anything is started.
 */
import { OptionError } from './errors.ts'

/** The names of the options of a function. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>

/**
 * The names of all options in `T`: the compiler refuses a list that lacks one, or has one too many.
 * Without a prototype, so that nothing which was put on `Object.prototype` counts as a name.
 */
export function optionNames<T>(names: Record<keyof Required<T>, true>): OptionNames<T> {
  return Object.assign(Object.create(null), names)
}

/**
 * A copy without a prototype, for Node or for us to read: what somebody has put on
 * `Object.prototype` is not an option. There, `execArgv` or `shell` would be code that runs in a
 * worker.
 */
export function bare<T extends object>(options: T): T {
  return { __proto__: null, ...options } as T
}

/**
 * Refuses what is not an object, and every option in it whose name is unknown. Returns the options
 * that are given, which are to be read from there: an inherited one is none.
 * @throws OptionError
 */
export function checkOptions<T>(what: string, given: T, names: OptionNames<T>): T {
  if (typeof given !== 'object' || given === null)
    throw new OptionError(
      `${what} takes its options in an object, as { ${Object.keys(names)[0]}: … }; it got ${shown(given)}.`,
    )
  // A loop costs no array: this stands on the way of single calls. It meets inherited names, too.
  for (const key in given)
    if (!(key in names) && Object.hasOwn(given, key)) refuseOption(what, key, Object.keys(names))
  return bare(given)
}

/** @throws OptionError if `ms` is not a number, NaN or negative. */
export function checkMs(what: string, ms: number): void {
  if (!(typeof ms === 'number' && ms >= 0))
    throw new OptionError(`${what} takes a number of milliseconds from 0 up; it got ${shown(ms)}.`)
}

/** @throws OptionError if `ms` is not above 0. */
export function checkTimeout(what: string, ms: number): void {
  if (!(typeof ms === 'number' && ms > 0))
    throw new OptionError(`${what} takes a number of milliseconds above 0; it got ${shown(ms)}.`)
}

/** @throws OptionError if `count` is not a whole number from 1 up; `Infinity` is one. */
export function checkCount(what: string, count: number): void {
  if (!(count >= 1 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY)))
    throw new OptionError(`${what} takes a whole number from 1 up; it got ${shown(count)}.`)
}

/** @throws OptionError if `value` is not a whole number from `least` to `most`. */
export function checkWhole(
  what: string,
  value: number,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.POSITIVE_INFINITY ? `${least} up` : `${least} to ${most}`
  throw new OptionError(`${what} takes a whole number from ${range}; it got ${shown(value)}.`)
}

/** @throws OptionError if `value` is given and is not a finite number. */
export function checkFinite(what: string, value: number | undefined): void {
  if (value !== undefined && !Number.isFinite(value))
    throw new OptionError(`${what} takes a finite number; it got ${shown(value)}.`)
}

/** @throws OptionError if `signal` is given and is not an AbortSignal. */
export function checkSignal(what: string, signal: AbortSignal | undefined): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionError(
      `${what} takes an AbortSignal, as \`new AbortController().signal\` or \`AbortSignal.timeout(500)\`; it got ${shown(signal)}.`,
    )
}

/** @throws OptionError if `value` is given and is neither true nor false. */
export function checkFlag(what: string, value: boolean | undefined): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw new OptionError(`${what} takes true or false; it got ${shown(value)}.`)
}

/** @throws OptionError if `fn` is not a function; `example` shows one. */
export function checkFunction(what: string, fn: unknown, example: string): void {
  if (typeof fn !== 'function')
    throw new OptionError(`${what} takes a function, as ${example}; it got ${shown(fn)}.`)
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value instanceof Error) return value.message
  if (value instanceof Promise) return 'a promise, so it runs already'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

function refuseOption(what: string, key: string, names: readonly string[]): never {
  const meant = meantBy(key, names)
  const guess = meant === undefined ? '' : ` Did you mean ${meant}?`
  throw new OptionError(`${what} has no option ${key}.${guess} Its options: ${names.join(', ')}.`)
}

/**
 * The option that was meant: the same thing in other libraries' words, or a name that differs by a
 * slip of the fingers.
 */
export function meantBy(typed: string, names: readonly string[]): string | undefined {
  const translated = wordsOfOthers.get(typed)?.find(name => names.includes(name))
  if (translated !== undefined) return translated
  const lower = typed.toLowerCase()
  // One name in the other, as `timeout` in `timeoutMs`, is closer than any slip.
  const within = names.find(name => `${lower}ms` === name.toLowerCase())
  if (within !== undefined) return within
  const near = names
    .map(name => ({ name, slips: slipsBetween(lower, name.toLowerCase()) }))
    .sort((one, other) => one.slips - other.slips)[0]
  // A third of the letters wrong is a slip; more is another word.
  return near !== undefined && near.slips <= Math.max(1, Math.floor(typed.length / 3)) ? near.name : undefined
}

/** What piscina, workerpool, tinypool, p-queue, p-map and p-retry call it. */
const wordsOfOthers: ReadonlyMap<string, readonly string[]> = new Map([
  ['maxThreads', ['workers']],
  ['maxWorkers', ['workers']],
  ['numWorkers', ['workers']],
  ['poolSize', ['workers']],
  ['concurrency', ['workers']],
  ['minThreads', ['minWorkers']],
  ['idleTimeout', ['idleMs']],
  ['maxQueue', ['queueLimit']],
  ['maxQueueSize', ['queueLimit']],
  ['closeTimeout', ['closeGraceMs', 'graceMs']],
  ['workerTerminateTimeout', ['graceMs']],
  ['timeout', ['timeoutMs', 'graceMs']],
  ['abortSignal', ['signal']],
  ['chunkSize', ['chunk']],
  ['chunksize', ['chunk']],
  ['batchSize', ['chunk']],
  ['highWaterMark', ['ahead']],
  ['backpressure', ['ahead']],
  ['retry', ['retries', 'attempts']],
  ['retries', ['attempts']],
  ['maxRetries', ['retries', 'attempts']],
  ['minTimeout', ['minDelayMs']],
  ['maxTimeout', ['maxDelayMs']],
  ['shouldRetry', ['retryIf']],
  ['onFailedAttempt', ['onFailure', 'retryIf']],
  ['randomize', ['jitter']],
  ['delay', ['retryDelayMs', 'delayMs', 'minDelayMs']],
  ['deadline', ['timeoutMs']],
  ['interval', ['rate']],
  ['intervalCap', ['rate']],
  ['maxSize', ['maxPayloadBytes']],
  ['cancelFutures', ['queued']],
  ['cancelQueued', ['queued']],
])

/**
 * How many letters were added, left out, mistaken, or swapped with their neighbour.
 *
 * Frederick J. Damerau: "A technique for computer detection and correction of spelling errors",
 * Communications of the ACM 7(3), 1964; computed row by row, as Wagner and Fischer do (Journal of
 * the ACM 21(1), 1974).
 */
function slipsBetween(one: string, other: string): number {
  let before: number[] = []
  let last: number[] = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const mistaken = one[i - 1] === other[j - 1] ? 0 : 1
      let slips = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + mistaken,
      )
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        slips = Math.min(slips, (before[j - 2] as number) + 1)
      row.push(slips)
    }
    before = last
    last = row
  }
  return last[other.length] as number
}
