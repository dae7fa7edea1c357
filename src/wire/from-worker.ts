/**
 * Which messages of a worker are accepted. A worker that forges one is ended; it can't harm its
 * host.
 */
import { MessagePort } from 'node:worker_threads'
import type { FromWorker } from './messages.ts'
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
  isYielded,
  type Shapes,
} from './shapes.ts'

/** Whether what a worker sent is a message of the protocol. */
export function isFromWorker(message: unknown): message is FromWorker {
  return isOneOf(shapes, message)
}

const shapes: Shapes = new Map<unknown, (message: Record<string, unknown>) => boolean>([
  ['ready', () => true],
  ['loaded', message => isNumber(message['ref'])],
  ['loadFailed', message => isNumber(message['ref']) && isFailure(message['failure'])],
  ['progress', message => isNumber(message['seq']) && isNumber(message['done'])],
  ['done', message => isNumber(message['seq']) && isTime(message['workMs']) && isBoolean(message['special'])],
  [
    'doneChunk',
    message =>
      isNumber(message['seq']) && isTime(message['workMs']) && isListOf(message['outcomes'], isOutcome),
  ],
  [
    'failed',
    message => isNumber(message['seq']) && isTime(message['workMs']) && isFailure(message['failure']),
  ],
  ['dropped', message => isNumber(message['seq'])],
  ['nest', isNest],
  ['worn', () => true],
  ['unnest', message => isNumber(message['seq']) && isNumber(message['id']) && isFailure(message['failure'])],
  ['yielded', message => isNumber(message['seq']) && isYielded(message)],
  [
    'yieldedOne',
    message => isNumber(message['seq']) && isPositive(message['weight']) && isBoolean(message['special']),
  ],
  ['returning', message => isNumber(message['seq'])],
  ['exiting', isEnd],
  ['staying', () => true],
  ['crashed', message => isFailure(message['failure']) && isEnd(message)],
  ['guest', message => isString(message['guest'])],
  [
    'guestFailed',
    message => isString(message['guest']) && isString(message['module']) && isFailure(message['failure']),
  ],
])

function isEnd({ culprit, reached }: Record<string, unknown>): boolean {
  return (
    (culprit === undefined || isCulprit(culprit)) &&
    (reached === undefined ||
      (isRecord(reached) && isCount(reached['begun']) && isListOf(reached['importing'], isCount)))
  )
}

function isCulprit(value: unknown): boolean {
  return isRecord(value) && (isCount(value['seq']) || isString(value['task']))
}

function isNest(message: Record<string, unknown>): boolean {
  const { version, priority, moved, isCommonJs, isVerbatim } = message
  return (
    ['seq', 'id', 'position', 'attempt'].every(key => isNumber(message[key])) &&
    ['module', 'name', 'digest'].every(key => isString(message[key])) &&
    isBoolean(message['special']) &&
    isBoolean(message['chunk']) &&
    areArgs(message) &&
    Number.isFinite(priority) &&
    isListOf(moved, item => item instanceof ArrayBuffer || item instanceof MessagePort) &&
    isFlagOrNone(isCommonJs) &&
    isFlagOrNone(isVerbatim) &&
    isVersionOrNone(version)
  )
}
