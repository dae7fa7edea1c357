/**
 * Trees of actors as tools see them: each supervisor that has none above it lists itself, and is
 * asked when somebody looks.
 */
import { treeLines } from '../live/print.ts'
import { listLive } from '../live/register.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { WeakList } from '../live/weak-list.ts'
import type { Shown } from './live-actor.ts'

/** A supervisor, as it is shown. */
export interface ShownTree {
  readonly name: string
  readonly strategy: string
  readonly state: string
  readonly children: readonly Shown[]
}

const listed = new WeakList<ShownTree>()

export function listTree(tree: ShownTree): void {
  if (listed.size === 0)
    listLive('actors', () => [...listed].filter(({ state }) => state !== 'ended').map(one => treeNode(one)))
  listed.add(tree)
}

/** The tree as text, a line for each actor. */
export function treeText(tree: ShownTree): string {
  const none = { calls: [], scopes: [], others: [], executors: [], limiters: [], channels: [] }
  return treeLines({ ...none, actors: [treeNode(tree)] }).join('\n')
}

function treeNode({ name, strategy, state, children }: ShownTree): LiveNode {
  return {
    kind: 'supervisor',
    name,
    state,
    detail: strategy,
    waitsFor: [],
    inside: nodesOf(children, childNode),
  }
}

function childNode({ name, state, waiting, restarts, failure, strategy, children }: Shown): LiveNode {
  const detail = [
    ...(strategy === undefined ? [] : [strategy]),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(restarts.length === 0 ? [] : [`${restarts.length} restarts`]),
    ...(failure === undefined ? [] : [`last failure: ${failure}`]),
  ].join(', ')
  return {
    kind: strategy === undefined ? 'actor' : 'supervisor',
    name,
    state,
    detail: detail === '' ? undefined : detail,
    waitsFor: [],
    inside: nodesOf(children, childNode),
  }
}
