/**
 * What runs now: the tree of live scopes, for tools. It is made of what scopes keep anyway, when
 * somebody asks; nothing is written down for it.
 */
import type { Look } from '../../live/look.ts'
import { type LiveNode, nodesOf } from '../../live/tree.ts'
import { Strand } from '../../runtime/strand.ts'
import type { FutureState } from '../../task/future.ts'

/** A scope, as far as it is shown. */
export interface ShownScope extends Strand {
  readonly bodyRuns: boolean
  readonly children: readonly ShownChild[]
}

interface ShownChild extends Strand {
  readonly state: FutureState
}

/**
 * The scopes, each with its children and the scopes inside of them; those that this look has told
 * already are left out.
 */
export function scopeNodes(scopes: readonly ShownScope[], look: Look): LiveNode[] {
  return nodesOf(
    scopes.filter(scope => !look.isTold(scope)),
    scope => scopeNode(scope, look),
  )
}

/** The scopes that this strand has opened. */
export function scopesIn(strand: Strand, look: Look): LiveNode[] {
  const scopes = strand.held.filter((one): one is ShownScope => one instanceof Strand && 'bodyRuns' in one)
  return scopeNodes(scopes, look)
}

/**
 * `running` while its body runs, `closing` when only children are left; `cancelling` from its
 * cancellation to its end.
 */
function scopeNode(scope: ShownScope, look: Look): LiveNode {
  return {
    kind: 'scope',
    name: scope.name,
    state: scope.stopped ? 'cancelling' : scope.bodyRuns ? 'running' : 'closing',
    age: look.age(scope),
    waitsFor: look.waitsOf(scope),
    inside: [...scopesIn(scope, look), ...nodesOf(scope.children, child => childNode(child, look))],
  }
}

function childNode(child: ShownChild, look: Look): LiveNode {
  return {
    kind: 'child',
    name: child.name,
    state: child.stopped ? 'cancelling' : child.state,
    age: look.age(child),
    waitsFor: look.waitsOf(child),
    inside: scopesIn(child, look),
  }
}
