/**
 * What runs now: the tree of live scopes, for tools. It is made of what scopes keep anyway, when somebody asks; nothing is
 * written down for it.
 */
import { everyoneParked } from '../../runtime/park.ts'
import type { Strand } from '../../runtime/strand.ts'
import type { FutureState } from '../../task/future.ts'
import { OpenScope, outermostScopes } from './scope.ts'

/** A scope, or a child of one. */
export interface LiveStrand {
  readonly kind: 'scope' | 'child'
  readonly name: string
  /** Of a scope: `running` while its body runs, `closing` when only children are left. Any that was cancelled is `cancelling` until it ends. */
  readonly state: FutureState | 'closing' | 'cancelling'
  /** What it waits for, in words; of a scope, what its body waits for. */
  readonly waitsFor: readonly string[]
  /** The scopes inside of it, then its children, oldest first. */
  readonly inside: readonly LiveStrand[]
}

/** All scopes that are not over, the outermost first. Costs a walk over all that lives. */
export function liveScopes(): readonly LiveStrand[] {
  const waits = new Map<Strand | undefined, string[]>()
  for (const { strand, reason } of everyoneParked()) {
    const reasons = waits.get(strand)
    if (reasons === undefined) waits.set(strand, [reason])
    else reasons.push(reason)
  }
  const scopeNode = (scope: OpenScope<any>): LiveStrand => ({
    kind: 'scope',
    name: scope.name,
    state: scope.stopped ? 'cancelling' : scope.bodyRuns ? 'running' : 'closing',
    waitsFor: waits.get(scope) ?? [],
    inside: [
      ...scopesIn(scope),
      ...scope.children.map(
        (child): LiveStrand => ({
          kind: 'child',
          name: child.name,
          state: child.stopped ? 'cancelling' : child.state,
          waitsFor: waits.get(child) ?? [],
          inside: scopesIn(child),
        }),
      ),
    ],
  })
  const scopesIn = (strand: Strand): LiveStrand[] =>
    strand.held.filter(one => one instanceof OpenScope).map(scopeNode)
  return outermostScopes().map(scopeNode)
}
