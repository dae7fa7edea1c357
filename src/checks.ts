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
import { isError } from './thrown.ts'

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
  if (typeof given !== 'object' || given === null || Array.isArray(given))
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

/**
 * `mostIs` says what bounds the range, where that is another option.
 * @throws OptionError if `value` is not a whole number from `least` to `most`
 */
export function checkWhole(
  what: string,
  value: number,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
  mostIs: string | number = most,
): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  // A whole number beyond this one is not told from its neighbours.
  const beyond = Number.isInteger(value) && value > Number.MAX_SAFE_INTEGER
  const bound = most === Number.POSITIVE_INFINITY && beyond ? Number.MAX_SAFE_INTEGER : mostIs
  const range = bound === Number.POSITIVE_INFINITY ? `${least} up` : `${least} to ${bound}`
  throw new OptionError(`${what} takes a whole number from ${range}; it got ${shown(value)}.`)
}

/** @throws OptionError if `value` is given and is not a finite number. */
export function checkFinite(what: string, value: number | undefined): void {
  if (value !== undefined && !Number.isFinite(value))
    throw new OptionError(`${what} takes a finite number; it got ${shown(value)}.`)
}

/** @throws OptionError if so many calls can't be a queue's limit. */
export function checkQueueLimit(what: string, limit: number): void {
  if (!(typeof limit === 'number' && limit >= 0))
    throw new OptionError(`${what} takes 0 or more, Infinity for no limit; it got ${shown(limit)}.`)
}

/** @throws OptionError if `value` is not a text, or empty; `example` shows one, quoted. */
export function checkText(what: string, value: string, example: string): void {
  if (!isWord(value) || value === '')
    throw new OptionError(`${what} takes a text, as ${example}; it got ${shownText(value)}.`)
}

/**
 * A copy of a list of texts.
 * @throws OptionError if it is none; `example` shows one
 */
export function checkTexts(
  what: string,
  value: readonly string[] | undefined,
  example: string,
): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value))
    throw new OptionError(`${what} takes a list of texts, as ${example}; it got ${shown(value)}.`)
  const at = value.findIndex(word => !isWord(word))
  if (at < 0) return [...value]
  throw new OptionError(`${what} takes a list of texts, as ${example}; [${at}] is ${shownText(value[at])}.`)
}

/**
 * A copy of an environment, without the variables that are undefined.
 * @throws OptionError if it is none
 */
export function checkEnv(
  what: string,
  env: Readonly<Record<string, string | undefined>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (env === undefined) return undefined
  const example = "an object of texts, as { ...process.env, MODE: 'test' }"
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw new OptionError(`${what} takes ${example}; it got ${shown(env)}.`)
  const given = Object.entries(env).filter(([, value]) => value !== undefined) as [string, string][]
  const wrong = given.find(([name, value]) => !isWord(name) || !isWord(value))
  if (wrong === undefined) return Object.fromEntries(given)
  const [name, value] = wrong
  const variable = isWord(name) ? name : shown(name)
  throw new OptionError(
    `${what} takes ${example}; its variable ${variable} is ${shownText(value)}.${typeof value === 'number' || typeof value === 'boolean' ? ` Write '${value}'.` : ''}`,
  )
}

/** Whether the system takes it as one text: it ends texts at a zero byte. */
function isWord(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0')
}

function shownText(value: unknown): string {
  return typeof value === 'string' && !isWord(value) ? `${shown(value)}, which has a zero byte` : shown(value)
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
  if (isError(value)) return value.message
  if (value instanceof Promise) return 'a promise, so it runs already'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** A text as code has it, and no more of it than a message needs. */
function quoted(text: string): string {
  const most = 80
  const escaped = JSON.stringify(text.slice(0, most))
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
  return `'${escaped}${text.length > most ? '…' : ''}'`
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
