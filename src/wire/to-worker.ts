/**
 * Which messages a worker accepts if its caller is not its parent: a node of a cluster, to which
 * anybody on the network can write. A thread or process trusts the pool that started it, and checks
 * only whether it knows the kind.
 */
import type { ToWorker } from './messages.ts'
import {
  areArgs,
  isBoolean,
  isCount,
  isFailure,
  isFlagOrNone,
  isListOf,
  isNumber,
  isOneOf,
  isOutcome,
  isPositive,
  isRecord,
  isString,
  isTime,
  isVersionOrNone,
  type Shapes,
} from './shapes.ts'

/** Whether what a caller sent is a message of the protocol. */
export function isToWorker(message: unknown): message is ToWorker {
  return isOneOf(shapes, message)
}

const shapes: Shapes = new Map<unknown, (message: Record<string, unknown>) => boolean>([
  ['load', isLoad],
  ['storage', message => isCount(message['ref']) && isPlace(message['place'])],
  ['run', message => isCall(message) && (message['credit'] === undefined || isPositive(message['credit']))],
  ['help', isCall],
  ['own', isCall],
  ['pull', message => isCount(message['seq']) && isPositive(message['count'])],
  ['cancel', message => isCount(message['seq']) && isFailure(message['failure'])],
  ['nestedStarted', message => isCount(message['id'])],
  ['nestedProgress', message => isCount(message['id']) && isNumber(message['done'])],
  ['nestedSettled', isNestedSettled],
  ['guest', message => isString(message['guest']) && isString(message['module'])],
])

function isLoad(message: Record<string, unknown>): boolean {
  return (
    isCount(message['ref']) &&
    isPlace(message) &&
    isString(message['digest']) &&
    isFlagOrNone(message['isCommonJs']) &&
    isFlagOrNone(message['isVerbatim']) &&
    isVersionOrNone(message['version'])
  )
}

function isCall(message: Record<string, unknown>): boolean {
  return (
    isCount(message['seq']) &&
    isCount(message['ref']) &&
    isPositive(message['attempt']) &&
    isBoolean(message['special']) &&
    isBoolean(message['chunk']) &&
    areArgs(message) &&
    (message['stores'] === undefined || isListOf(message['stores'], isStore))
  )
}

function isNestedSettled({ id, reply, workMs, left }: Record<string, unknown>): boolean {
  return isCount(id) && isOneOf(replies, reply) && (workMs === undefined || isTime(workMs)) && isBoolean(left)
}

const replies: Shapes = new Map<unknown, (reply: Record<string, unknown>) => boolean>([
  ['done', reply => isBoolean(reply['special'])],
  ['doneChunk', reply => isListOf(reply['outcomes'], isOutcome)],
  ['failed', reply => isFailure(reply['failure'])],
])

function isStore(value: unknown): boolean {
  return isRecord(value) && isCount(value['ref']) && isBoolean(value['special'])
}

function isPlace(value: unknown): boolean {
  return isRecord(value) && isString(value['module']) && isString(value['name']) && isCount(value['position'])
}
