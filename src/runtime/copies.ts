/**
 * Several copies of atonce in one thread, and what they share.
 *
 *     node_modules/atonce ──────────────┐
 *     node_modules/lib/node_modules/… ──┼─▶ sharedByCopies(…) ─▶ one record per thread, on globalThis
 *     the same file as CommonJS (tsx) ──┘
 *
 * A dependency may bring a copy of its own, and a loader may evaluate one file twice. Copies of the
 * same compatibility share their records: what is declared through one is found by the others.
 * Others are told by a name that differs, and never see each other's records.
 */
import { urlOfCaller } from './call-site.ts'

/** As package.json has it (test/exports.test.ts). */
export const version = '0.1.0'

/**
 * Counts the shapes of the shared records and of the messages to workers: raised with each change
 * that another copy would trip over.
 */
export const compatibility = 2

/** One copy of the library. */
export interface Copy {
  readonly version: string
  readonly compatibility: number
  /** The URL of the file that holds it. */
  readonly file: string
}

export const thisCopy: Copy = { version, compatibility, file: urlOfCaller(import.meta.url) }

/**
 * What all copies of this compatibility hold under `name`, in this thread; the first of them makes
 * it.
 */
export function sharedByCopies<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`atonce.${name}.${compatibility}`)
  const holder = globalThis as { [key]?: T }
  const there = holder[key]
  if (there !== undefined) return there
  const made = make()
  Object.defineProperty(holder, key, { value: made, configurable: true })
  return made
}

/** The copy as messages show it. */
export function showCopy({ version: of, file }: Pick<Copy, 'version' | 'file'>): string {
  const shown = file.startsWith('file:') ? process.getBuiltinModule('node:url').fileURLToPath(file) : file
  return `atonce ${of} (${shown})`
}
