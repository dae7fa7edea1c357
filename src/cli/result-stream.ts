/**
 * Standard output holds what a command has found, and nothing else: what the user's code prints
 * goes to standard error, from this thread and from workers.
 */
import { syncBuiltinESMExports } from 'node:module'

let kept: typeof process.stdout | undefined

/** Where results go. */
export function resultStream(): typeof process.stdout {
  return kept ?? process.stdout
}

/**
 * From now on `process.stdout` is standard error for everybody else. `console` and Node's own pipes
 * from threads look for it when they are used first, so this comes before the user's code.
 */
export function keepForResults(): void {
  kept ??= process.stdout
  Object.defineProperty(process, 'stdout', {
    configurable: true,
    enumerable: true,
    get: () => process.stderr,
  })
  syncBuiltinESMExports()
}

/** For worker processes, which would print to our own descriptors. */
export function printAside({ text }: { readonly text: string }): void {
  process.stderr.write(text)
}
