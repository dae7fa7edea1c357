/** What became of a task, as it is stored. */
import { runtime } from '../runtime/runtime.ts'
import { encodeNow } from '../wire/codec.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { NestedReply } from '../wire/messages.ts'
import { pauseMs } from './back-off.ts'
import type { Records } from './engine.ts'
import { StoreRefusesError } from './errors.ts'
import { crossing, type Settled, writeMessage } from './messages.ts'
import { failureOf } from './node-job.ts'

/** How often an ending is written while the store does not answer. */
const mostTries = 6

export interface WrittenEnding {
  readonly bytes: Uint8Array
  /** What the bytes say: of a reply that can't be stored, why. */
  readonly reply: NestedReply
}

export function endingOf(ending: Omit<Settled, 'kind'>): WrittenEnding {
  const { reply } = ending
  try {
    return { bytes: written(ending, reply), reply }
  } catch (error) {
    // It is too large, or shares memory.
    const why: NestedReply = { kind: 'failed', failure: failureOf(refusalOf(reply) ?? error) }
    return { bytes: written(ending, why), reply: why }
  }
}

/** A worker may return what no other machine can have: why, with its place in the result. */
function refusalOf(reply: NestedReply): unknown {
  try {
    if (reply.kind === 'done') encodeNow(reply.value, 'result', crossing)
    return undefined
  } catch (error) {
    return error
  }
}

/** The ending of a task that its caller has ended. */
export function endedByCaller(id: string, failure: WireFailure): Settled {
  const reply: NestedReply = { kind: 'failed', failure }
  return { kind: 'settled', id, reply, workMs: 0, node: '', attempt: 0, batches: 0 }
}

function written(ending: Omit<Settled, 'kind'>, reply: NestedReply): Uint8Array {
  return writeMessage({ kind: 'settled', ...ending, reply: plainReply(reply) })
}

/** Without what a worker's message has beside the reply. */
function plainReply(reply: NestedReply): NestedReply {
  switch (reply.kind) {
    case 'done':
      return { kind: 'done', value: reply.value, special: reply.special }
    case 'doneChunk':
      return { kind: 'doneChunk', outcomes: reply.outcomes }
    case 'failed':
      return { kind: 'failed', failure: reply.failure }
  }
}

/**
 * Stores the ending, in place of the record of that revision; false if another one was first.
 * Without records nothing is kept.
 */
export async function storeEnding(
  records: Records | undefined,
  id: string,
  bytes: Uint8Array,
  revision: number | undefined,
): Promise<boolean> {
  if (records === undefined) return true
  for (let tries = 1; ; tries += 1)
    try {
      const written =
        revision === undefined ? await records.create(id, bytes) : await records.replace(id, bytes, revision)
      return written !== undefined
    } catch (error) {
      if (tries === mostTries || error instanceof StoreRefusesError) throw error
      await new Promise<void>(resolve => runtime().setTimer(pauseMs(50, tries), resolve))
    }
}

let warnedMs = Number.NEGATIVE_INFINITY

/** That a task has ended and nobody can know of it, at most once a minute. */
export function warnUnstored(id: string, { message }: Error): void {
  const nowMs = runtime().now()
  if (nowMs - warnedMs < 60_000) return
  warnedMs = nowMs
  process.emitWarning(
    `Task ${id} has ended, and its ending can't be stored, so it runs again when its lease has lapsed. ${message}`,
    { type: 'AtonceWarning', code: 'ATONCE_ENDING_NOT_STORED' },
  )
}
