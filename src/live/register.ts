/**
 * Where tools find what runs: parts of atonce list themselves here with the first scope, executor,
 * limiter or channel that is made, and are asked when somebody looks.
 *
 *     scopes, executors, … ─listLive─▶ this register ─▶ globalThis[Symbol.for('atonce.live')] ◀─ `atonce ps`, through door.ts
 *                                            └─────────▶ stuck.ts (ATONCE_DEBUG=1)
 *
 * The global is a list, as several copies of atonce may be loaded: one function of each, that makes
 * its tree.
 */
import { debugs } from '../runtime/debug.ts'
import type { Strand } from '../runtime/strand.ts'
import { answerLooks } from './door.ts'
import { Look } from './look.ts'
import { warnWhenStuck } from './stuck.ts'
import { firstOf, type LiveNode, type LiveTree, treeVersion } from './tree.ts'

/** Tells what is there now of one part. */
export type LiveSource = (look: Look) => readonly LiveNode[]

/** Tells what one strand has opened: known to scopes, asked by who runs calls. */
export type LiveInside = (strand: Strand, look: Look) => LiveNode[]

export const liveKey: unique symbol = Symbol.for('atonce.live') as never

type Part = 'calls' | 'scopes' | 'executors' | 'limiters' | 'channels' | 'actors'
const sources: { [part in Part]?: LiveSource } = {}
let inside: LiveInside | undefined
let announced = false

/**
 * Has `source` asked at each look; once for each part. Scopes bring what tells those inside of a
 * strand.
 */
export function listLive(part: Part, source: LiveSource, insideOf?: LiveInside): void {
  sources[part] = source
  inside = insideOf ?? inside
  if (announced) return
  announced = true
  const everywhere = globalThis as { [liveKey]?: ((most?: number) => LiveTree)[] }
  if (everywhere[liveKey] === undefined)
    Object.defineProperty(everywhere, liveKey, { value: [], configurable: true })
  everywhere[liveKey]?.push(liveTree)
  answerLooks()
  if (debugs('1')) warnWhenStuck(() => liveTree())
}

/**
 * What runs now; of each list `most` nodes. Costs a walk over all that lives; runs nothing, changes
 * nothing.
 */
export function liveTree(most = Number.POSITIVE_INFINITY): LiveTree {
  const look = new Look(inside)
  const ask = (part: Part) => firstOf(sources[part]?.(look) ?? [], most)
  const executors = ask('executors') // First: their calls tell the scopes inside of them.
  const calls = ask('calls')
  const scopes = ask('scopes')
  const [limiters, channels, actors] = [ask('limiters'), ask('channels'), ask('actors')]
  return {
    version: treeVersion,
    calls,
    scopes,
    executors,
    limiters,
    channels,
    ...(sources.actors === undefined ? {} : { actors }),
    others: firstOf(look.rest(), most),
  }
}
