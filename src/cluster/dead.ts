/**
 * Dead letters: tasks that have failed for good, with what they failed of, and the way back into
 * their queue.
 */
import { runtime } from '../runtime/runtime.ts'
import { MessageDecoding } from '../wire/codec.ts'
import { decodeFailure, type WireFailure } from '../wire/failure.ts'
import { fromBytes } from '../wire/portable/reader.ts'
import { toBytes } from '../wire/portable/writer.ts'
import { isFailure, isRecord } from '../wire/shapes.ts'
import type { Delivery, Engine } from './engine.ts'
import { NoResultError, ValueGoneError } from './errors.ts'
import { maxMessageBytes, readEnvelope, writeMessage } from './messages.ts'

const { types } = process.getBuiltinModule('node:util')
/** A dead letter holds a task and its failure, each as long as a message may be. */
const limits = { maxBytes: 2 * maxMessageBytes + 64 * 1024 }
/** Of each error in a history; the whole of the last one is in the dead letter. */
const mostErrorLength = 10_000

/** Another node may write its own line at the same time. */
const noteTries = 3

/** Of a run of which nothing was heard after it had begun. */
const fellSilent = 'NodeLostError: the node fell silent while it ran the task'

/** One try that failed. */
export interface FailedAttempt {
  readonly attempt: number
  readonly node: string
  /** On the engine's clock. */
  readonly atMs: number
  /** The error's name and message. */
  readonly error: string
}

/** A task that has failed for good. */
export interface DeadTask {
  readonly id: string
  readonly queue: string
  /** Its module and name. */
  readonly task: string
  readonly attempts: number
  readonly error: string
  readonly history: readonly FailedAttempt[]
}

interface DeadRecord {
  readonly queue: string
  readonly attempts: number
  readonly envelope: Uint8Array
  readonly failure: WireFailure
}

/**
 * Adds to the failures of a task, and returns how many there are; a note that gets lost costs a
 * line of its history, and allows one more repeat.
 */
export async function noteFailure(
  engine: Engine,
  id: string,
  run: Omit<FailedAttempt, 'error'>,
  failure: WireFailure,
): Promise<number> {
  const history = await noted(engine, id, { ...run, error: shown(failure).slice(0, mostErrorLength) })
  return history.filter(({ error }) => error !== fellSilent).length
}

/**
 * Notes that a run begins, which its failure takes back, or the node if it breaks it off; returns
 * of how many runs before it nobody has heard again.
 */
export async function noteRun(
  engine: Engine,
  id: string,
  run: Omit<FailedAttempt, 'error'>,
): Promise<number> {
  const history = await noted(engine, id, { ...run, error: fellSilent })
  return history.filter(({ error }) => error === fellSilent).length - 1
}

/** That run was broken off by a node that lives: nothing is to be feared from the task. */
export async function forgetRun(
  engine: Engine,
  id: string,
  { attempt, node }: Pick<FailedAttempt, 'attempt' | 'node'>,
): Promise<void> {
  const records = engine.records('history')
  for (let tries = 0; tries < noteTries; tries += 1) {
    const known = await records.get(id)
    const history = historyIn(known?.bytes)
    const left = history.filter(
      line => line.attempt !== attempt || line.node !== node || line.error !== fellSilent,
    )
    if (known === undefined || left.length === history.length) return
    if ((await records.replace(id, toBytes(left, false, limits), known.revision)) !== undefined) return
  }
}

/** The history with one line more, in place of what was said of that run before. */
async function noted(engine: Engine, id: string, line: FailedAttempt): Promise<FailedAttempt[]> {
  const records = engine.records('history')
  const known = await records.get(id)
  const others = historyIn(known?.bytes).filter(
    ({ attempt, node }) => attempt !== line.attempt || node !== line.node,
  )
  const history = [...others, line]
  const bytes = toBytes(history, false, limits)
  if (known === undefined) await records.create(id, bytes)
  else await records.replace(id, bytes, known.revision)
  return history
}

/** Keeps the task as it was stored. */
export async function buryDead(engine: Engine, delivery: Delivery, failure: WireFailure): Promise<void> {
  const { queue, attempt: attempts } = delivery
  const envelope = Uint8Array.from(delivery.bytes) // It may be a window on much more.
  const record: DeadRecord = { queue, attempts, envelope, failure }
  await engine.records('dead').create(delivery.id, toBytes(record, true, limits))
}

/** It has not failed: another ending was first. */
export async function unbury(engine: Engine, id: string): Promise<void> {
  await engine.records('dead').remove(id)
}

export async function listDead(engine: Engine): Promise<DeadTask[]> {
  const found: DeadTask[] = []
  for (const id of await engine.records('dead').keys()) {
    const history = async () => historyIn((await engine.records('history').get(id))?.bytes)
    const bytes = await bytesOf(engine, id)
    if (bytes === 'gone') found.push(goneLetter(id, await history()))
    const record = bytes === 'gone' ? undefined : recordIn(bytes)
    const envelope = record && readEnvelope(record.envelope)
    if (record === undefined || envelope === undefined) continue
    const { queue, attempts, failure } = record
    const { module, name } = envelope.task
    found.push({
      id,
      queue,
      task: `${module.replace(/^package:/, '')}#${name}`,
      attempts,
      error: shown(failure),
      history: await history(),
    })
  }
  return found
}

/**
 * Puts the task into its queue again, under a new id, which it returns: the old one has its ending.
 * @throws NoResultError if there is no such dead letter
 */
export async function retryDead(engine: Engine, id: string): Promise<string> {
  const kept = await bytesOf(engine, id)
  if (kept === 'gone')
    throw new ValueGoneError(
      `Dead letter ${id} can't be retried: its large arguments are gone from the store. Drop it: npx atonce dead drop ${id}`,
    )
  const record = recordIn(kept)
  const envelope = record && readEnvelope(record.envelope)
  if (record === undefined || envelope === undefined) throw noneDead(id)
  const again = `${id.replace(/~\d+$/, '')}~${Math.floor(runtime().random() * 1e9)}`
  const bytes = writeMessage({ ...envelope, id: again, untilMs: Number.POSITIVE_INFINITY })
  await engine.submit({ queue: record.queue, id: again, bytes, priority: 0, delayMs: 0, outlives: true })
  await dropDead(engine, id)
  return again
}

/** @throws NoResultError if there is no such dead letter */
export async function dropDead(engine: Engine, id: string): Promise<void> {
  if ((await bytesOf(engine, id)) === undefined) throw noneDead(id)
  await engine.records('dead').remove(id)
  await engine.records('history').remove(id)
}

/** What is kept of it, which is a large value if its arguments were. */
async function bytesOf(engine: Engine, id: string): Promise<Uint8Array | 'gone' | undefined> {
  try {
    return (await engine.records('dead').get(id))?.bytes
  } catch (error) {
    if (error instanceof ValueGoneError) return 'gone'
    throw error
  }
}

/** What is still known of it. */
function goneLetter(id: string, history: readonly FailedAttempt[]): DeadTask {
  const last = history.at(-1)
  return {
    id,
    queue: 'unknown',
    task: 'unknown, as its large arguments are gone from the store',
    attempts: last?.attempt ?? 0,
    error: last?.error ?? 'unknown',
    history,
  }
}

function noneDead(id: string): NoResultError {
  return new NoResultError(id, 'it is not among the dead letters. List them: npx atonce dead list')
}

function shown(failure: WireFailure): string {
  const { name, message } = decodeFailure(failure, new MessageDecoding())
  return `${name}: ${message}`
}

function recordIn(bytes: Uint8Array | undefined): DeadRecord | undefined {
  const value = valueIn(bytes)
  const isOne =
    isRecord(value) &&
    typeof value['queue'] === 'string' &&
    Number.isSafeInteger(value['attempts']) &&
    types.isUint8Array(value['envelope']) &&
    isFailure(value['failure'])
  return isOne ? (value as unknown as DeadRecord) : undefined
}

function historyIn(bytes: Uint8Array | undefined): FailedAttempt[] {
  const value = valueIn(bytes)
  return Array.isArray(value) ? value.filter(isAttempt) : []
}

function isAttempt(value: unknown): value is FailedAttempt {
  return (
    isRecord(value) &&
    typeof value['attempt'] === 'number' &&
    typeof value['atMs'] === 'number' &&
    typeof value['node'] === 'string' &&
    typeof value['error'] === 'string'
  )
}

function valueIn(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined
  try {
    return fromBytes(bytes, limits).value
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
