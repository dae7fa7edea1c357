/**
 * The calls that this worker has begun, as tools see them: with what they wait for here, and the
 * scopes inside of them.
 */
import type { Look } from '../../live/look.ts'
import { listLive } from '../../live/register.ts'
import type { LiveNode } from '../../live/tree.ts'
import type { CallContext } from '../../task/context.ts'
import { nameOf, type Task } from '../../task/task.ts'
import type { NestedCallsOf } from './nested-calls.ts'

/** What is shown of a call. */
export interface ShownCall {
  readonly seq: number
  readonly context: CallContext
  readonly nested: NestedCallsOf | undefined
  readonly borrower: { readonly loans: readonly unknown[] } | undefined
  /** Undefined while its module is being imported. */
  readonly task: Task | undefined
}

/** Registers `begun`, to be called at each look. */
export function listCalls(begun: () => readonly ShownCall[]): void {
  listLive('calls', look => begun().map(call => callNode(call, look)))
}

function callNode({ seq, context, nested, borrower, task }: ShownCall, look: Look): LiveNode {
  const name = task === undefined ? context.name : nameOf(task)
  look.rename(context, name)
  return {
    kind: 'call',
    name,
    seq,
    state: context.stopped ? 'cancelling' : 'running',
    wokenFromOutside: (borrower?.loans.length ?? 0) > 0 || (nested?.stats().queued ?? 0) > 0,
    waitsFor: look.waitsOf(context),
    inside: look.inside(context),
  }
}
