/**
 * The options of waits and locks, and what they are refused for. A call without options costs one
 * comparison.
 */
import { types } from 'node:util'
import {
  checkFunction,
  checkOptions,
  checkSignal,
  checkText,
  type OptionNames,
  optionNames,
  shown,
} from '../checks.ts'
import { OptionError, SyncUseError } from '../errors.ts'
import { type SyncWaitOptions, timeoutOf, type WaitOptions } from './waiting.ts'

/** How to acquire a lock whose owner may have died. */
export interface OwnerDiedOption {
  /**
   * `throw`: an OwnerDiedError. `take`: the lock, and its guard says `ownerDied`. Default `throw`.
   */
  readonly ownerDied?: 'throw' | 'take'
}

/** What a wait for a lock may be told. */
export type AcquireOptions = WaitOptions & OwnerDiedOption
/** What a wait that blocks the thread may be told. */
export type AcquireSyncOptions = SyncWaitOptions & OwnerDiedOption

/** What the last one that comes to a barrier does. */
export interface ActionOption {
  readonly action?: () => void
}

const [timeoutMs, signal, ownerDied, action] = [true, true, true, true] as const
const forms = {
  sync: optionNames<SyncWaitOptions>({ timeoutMs }),
  async: optionNames<WaitOptions>({ timeoutMs, signal }),
  acquireSync: optionNames<AcquireSyncOptions>({ timeoutMs, ownerDied }),
  acquire: optionNames<AcquireOptions>({ timeoutMs, signal, ownerDied }),
  tryAcquire: optionNames<OwnerDiedOption>({ ownerDied }),
  meetSync: optionNames<SyncWaitOptions & ActionOption>({ timeoutMs, action }),
  meet: optionNames<WaitOptions & ActionOption>({ timeoutMs, signal, action }),
}

type Given = AcquireOptions & ActionOption
const none = Object.freeze({})

/**
 * The options of a call on the lock `name`, which takes those of that form.
 * @throws OptionError, SyncUseError
 */
export function waitOptions<T extends Given>(
  form: keyof typeof forms,
  call: string,
  name: string,
  given: T | undefined,
): T {
  return given === undefined ? (none as T) : checked(form, `${call} of ${name}`, given)
}

function checked<T extends Given>(form: keyof typeof forms, call: string, given: T): T {
  const options = checkOptions<Given>(call, given, forms[form] as OptionNames<Given>)
  timeoutOf(call, options.timeoutMs)
  checkSignal(`${call} with { signal }`, options.signal)
  if (options.ownerDied !== undefined && options.ownerDied !== 'throw' && options.ownerDied !== 'take')
    throw new OptionError(
      `${call} with { ownerDied } takes 'throw' or 'take'; it got ${shown(options.ownerDied)}.`,
    )
  if (options.action !== undefined) {
    checkFunction(`${call} with { action }`, options.action, '() => table.swap()')
    if (types.isAsyncFunction(options.action)) throw asynchronous(`${call} with { action }`, actionCure)
  }
  return options as T
}

const named = optionNames<{ name?: string }>({ name: true })

/**
 * The name that a new lock is given.
 * @throws OptionError
 */
export function nameIn(call: string, options: { readonly name?: string }): string | undefined {
  const { name } = checkOptions(call, options, named)
  if (name !== undefined) checkText(`${call} with { name }`, name, "'the bank'")
  return name
}

/** What does the work of an asynchronous action. */
export const actionCure =
  'Let one of the parties do it between two rounds: if (await barrier.wait() === 0) await act(); await barrier.wait()'

/**
 * Calls what must be done once it returns. `cure` says what serves an asynchronous one.
 * @throws OptionError if it is not a function, SyncUseError if it is asynchronous
 */
export function callAtOnce<T>(call: string, body: () => T, cure: string): T {
  checkFunction(call, body, '() => …')
  if (types.isAsyncFunction(body)) throw asynchronous(call, cure)
  const result = body()
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return result
  Promise.resolve(result).catch(() => {}) // Its caller is told below.
  throw asynchronous(call, cure)
}

function asynchronous(call: string, cure: string): SyncUseError {
  return new SyncUseError(
    `${call} takes a function that is done when it returns; this one is asynchronous. ${cure}`,
  )
}
