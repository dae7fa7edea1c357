/**
 * Where tools find what runs: parts of atonce list themselves here with the first scope, executor, limiter or channel that is made, and are
 * asked when somebody looks.
 *
 *     scopes, executors, … ─listLive─▶ this register ─▶ globalThis[Symbol.for('atonce.live')] ◀─ `atonce ps`, from outside
 *                                            └─────────▶ stuck.ts (ATONCE_DEBUG=1)
 *
 * The global is a list, as several copies of atonce may be loaded: one function of each, that makes its tree.
 */
import { Look } from './look.ts'
import { warnWhenStuck } from './stuck.ts'
import { type LiveNode, type LiveTree, treeVersion } from './tree.ts'

/** Tells what is there now of one part. */
export type LiveSource = (look: Look) => readonly LiveNode[]

export const liveKey: unique symbol = Symbol.for('atonce.live') as never

type Part = 'scopes' | 'executors' | 'limiters' | 'channels'
const sources: { [part in Part]?: LiveSource } = {}
let announced = false

/** Has `source` asked at each look; once for each part. */
export function listLive(part: Part, source: LiveSource): void {
  sources[part] = source
  if (announced) return
  announced = true
  const everywhere = globalThis as { [liveKey]?: (() => LiveTree)[] }
  if (everywhere[liveKey] === undefined)
    Object.defineProperty(everywhere, liveKey, { value: [], configurable: true })
  everywhere[liveKey]?.push(liveTree)
  if (process.env.ATONCE_DEBUG === '1') warnWhenStuck(liveTree)
}

/** What runs now. Costs a walk over all that lives; runs nothing, changes nothing. */
export function liveTree(): LiveTree {
  const look = new Look()
  const ask = (part: Part) => sources[part]?.(look) ?? []
  const executors = ask('executors') // First: their calls tell the scopes inside of them.
  const scopes = ask('scopes')
  const [limiters, channels] = [ask('limiters'), ask('channels')]
  return { version: treeVersion, scopes, executors, limiters, channels, others: look.rest() }
}
