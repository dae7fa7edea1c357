/**
 * Ctrl-C that lets `finally` run.
 *
 *     first signal ─▶ the outermost scopes are cancelled ─▶ all over ─▶ the program ends by itself, or by the signal after a grace
 *     second signal ──────────────────────────────────────────────────▶ by the signal, at once
 */
import { checkMs, checkOptions, optionNames, shown } from '../../checks.ts'
import { AbortError, OptionError } from '../../errors.ts'
import { realRuntime } from '../../runtime/real.ts'
import { outermostScopes } from './scope.ts'

/** What `cancelOnSignals` may be told. */
export interface SignalScopesOptions {
  /** Which signals. Default SIGINT (Ctrl-C) and SIGTERM. */
  readonly signals?: readonly NodeJS.Signals[] | undefined
  /**
   * How long the program may take to end once its scopes are over; then the signal ends it. Default
   * 5,000 ms.
   */
  readonly graceMs?: number | undefined
}

const signalOptionNames = optionNames<SignalScopesOptions>({ signals: true, graceMs: true })

/**
 * From now on SIGINT and SIGTERM cancel the outermost scopes, with an AbortError that names the
 * signal, so that `finally` blocks and `await using` run. The exit code is then 128 and the
 * signal's number, as of a program that the signal ended, unless the program sets another one. With
 * no scope open, and at the second signal, the program ends at once.
 *
 * @returns what takes it back: `.dispose()`, or `using`
 * @throws OptionError
 * @example
 *     cancelOnSignals()
 *     await scope(async s => { s.spawn(serve); s.spawn(work) })
 */
export function cancelOnSignals(options: SignalScopesOptions = {}): Disposable & { dispose(): void } {
  options = checkOptions('cancelOnSignals(…)', options, signalOptionNames)
  const { signals = ['SIGINT', 'SIGTERM'], graceMs = 5_000 } = options
  checkMs('cancelOnSignals({ graceMs })', graceMs)
  const numbers = process.getBuiltinModule('node:os').constants.signals
  for (const signal of signals)
    if (!(signal in numbers))
      throw new OptionError(
        `cancelOnSignals({ signals }) takes names of signals, as 'SIGINT'; it got ${shown(signal)}.`,
      )
  let cancelled = false
  const dispose = () => {
    for (const signal of signals) process.removeListener(signal, received)
  }
  /** As if nobody had listened. */
  const endBy = (signal: NodeJS.Signals) => {
    dispose()
    process.kill(process.pid, signal)
  }
  const received = (signal: NodeJS.Signals) => {
    if (cancelled || outermostScopes().length === 0) return endBy(signal)
    cancelled = true
    process.exitCode ??= 128 + numbers[signal]
    const reason = new AbortError(`The program received ${signal}.`)
    passOver(reason)
    void cancelScopes(reason).then(() => realRuntime.setTimer(graceMs, () => endBy(signal)).unref())
  }
  for (const signal of signals) process.on(signal, received)
  return { dispose, [Symbol.dispose]: dispose }
}

/** Resolves when none is left, those that were opened meanwhile included. */
async function cancelScopes(reason: AbortError): Promise<void> {
  const open = outermostScopes()
  for (const scope of open) scope.stop(reason)
  for (let left = open; left.length > 0; left = outermostScopes())
    await Promise.allSettled(left.map(({ whenOver }) => whenOver))
}

/**
 * That nobody catches the cancellation is no failure of the program: a module that awaits its scope
 * at the top level would end with a stack and exit code 1. Any other error ends it as ever.
 */
function passOver(reason: AbortError): void {
  const uncaught = (error: unknown) => {
    if (error === reason || process.listenerCount('uncaughtException') > 1) return
    process.removeListener('uncaughtException', uncaught)
    realRuntime.soon(() => {
      throw error
    })
  }
  process.on('uncaughtException', uncaught)
}
