/**
 * Trees of actors as tools see them: each supervisor that has none above it lists itself, and is
 * asked when somebody looks.
 */
import { durationText, treeLines } from '../live/print.ts'
import { listLive } from '../live/register.ts'
import { type LiveFailure, type LiveNode, nodesOf } from '../live/tree.ts'
import { WeakList } from '../live/weak-list.ts'
import { wallMs } from '../runtime/wall.ts'
import { type PastFailure, whyOf } from './history.ts'
import type { Shown, ShownWorker } from './live-actor.ts'
import { silentFromMs } from './remote/silence.ts'

/** Failures that a line of text shows; `--json` has all that are kept. */
const mostInLine = 3

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

function childNode({
  name,
  state,
  waiting,
  restarts,
  failures,
  strategy,
  children,
  worker,
}: Shown): LiveNode {
  const detail = [
    ...(strategy === undefined ? [] : [strategy]),
    ...(worker === undefined ? [] : silenceTexts(worker)),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(restarts === 0 ? [] : [restarts === 1 ? '1 restart' : `${restarts} restarts`]),
    ...failureTexts(failures),
  ].join(', ')
  return {
    kind: strategy === undefined ? 'actor' : 'supervisor',
    name,
    state,
    detail: detail === '' ? undefined : detail,
    ...(failures.length === 0 ? {} : { failures: failures.map(toLive) }),
    pid: worker?.pid,
    threadId: worker?.threadId,
    waitsFor: [],
    inside: nodesOf(children, childNode),
  }
}

/** `its worker has not answered for 3.2 s, oldest message: spin`. */
function silenceTexts({ silentMs, oldest }: ShownWorker): string[] {
  if (silentMs < silentFromMs) return []
  const silent = `its worker has not answered for ${durationText(silentMs)}`
  return oldest === undefined ? [silent] : [silent, `oldest message: ${oldest}`]
}

/** `last failure: no change left (2.1 s ago)`, and those before it. */
function failureTexts(failures: readonly PastFailure[]): string[] {
  const nowMs = wallMs()
  const [last, ...before] = failures
    .slice(-mostInLine)
    .reverse()
    .map(past => `${whyOf(past)} (${durationText(Math.max(0, nowMs - Number(past.at)))} ago)`)
  if (last === undefined) return []
  return [`last failure: ${last}`, ...(before.length === 0 ? [] : [`before that: ${before.join(', ')}`])]
}

function toLive({ at, method, ...why }: PastFailure): LiveFailure {
  return { at: at.toISOString(), error: whyOf(why), method }
}
