/** Names that become parts of subjects and keys on an engine, and such that nobody else has. */
import { OptionError } from '../errors.ts'
import { runtime } from '../runtime/runtime.ts'

/** @throws OptionError */
export function checkName(what: string, name: unknown): void {
  if (typeof name === 'string' && /^[\w~-]{1,90}$/.test(name)) return
  throw new OptionError(`${what} takes 1 to 90 letters, digits, _, ~ or -; it got ${JSON.stringify(name)}.`)
}

/**
 * The id of a task; one that was put into its queue again is longer than a name.
 * @throws OptionError
 */
export function checkId(what: string, id: unknown): void {
  if (typeof id === 'string' && /^[\w~-]{1,120}$/.test(id)) return
  throw new OptionError(
    `${what} takes the id of a task, as submit() gives it; it got ${typeof id === 'string' ? JSON.stringify(id) : typeof id}.`,
  )
}

/** Twenty letters and digits. */
export function randomName(): string {
  const part = () =>
    Math.floor(runtime().random() * 36 ** 10)
      .toString(36)
      .padStart(10, '0')
  return part() + part()
}
