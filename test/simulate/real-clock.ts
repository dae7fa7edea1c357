/**
 * Whether anything of a simulation touches the real clock: it would be another run each time, and
 * could wait for ever.
 */
import { realRuntime } from '../../src/runtime/real.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'

const watched = ['now', 'setTimer', 'soon', 'yieldToLoop', 'resume', 'random'] as const

/** Notes who does, until `end`. */
export function watchRealClock(): { readonly by: readonly string[]; end(): void } {
  const by: string[] = []
  const own = { ...realRuntime }
  const replaced = realRuntime as { -readonly [Name in keyof Runtime]: (...args: never[]) => unknown }
  for (const name of watched) {
    replaced[name] = (...args) => {
      by.push(`${name}: ${new Error('here').stack?.split('\n').slice(2, 6).join('\n')}`)
      return (own[name] as (...args: never[]) => unknown)(...args)
    }
  }
  return { by, end: () => void Object.assign(realRuntime, own) }
}
