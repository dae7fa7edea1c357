/** Something happens to a stream: on the way, at its end, or because nobody reads it any more. */
import { type Expectation, rejects, resolves, settles } from '../expect.ts'
import type { Row } from '../row.ts'
import type { Pool } from '../subject.ts'

const sharedProcess = 'threads share one process: the signal ends the whole program'

/** What a stream brought, and how it ended. */
interface Taken {
  readonly values: unknown[]
  readonly error?: unknown
}

/** Takes `most` values and leaves, or all of them. */
async function take(stream: AsyncIterable<unknown>, most = Number.POSITIVE_INFINITY): Promise<Taken> {
  const values: unknown[] = []
  try {
    for await (const value of stream) {
      values.push(value)
      if (values.length === most) break
    }
    return { values }
  } catch (error) {
    return { values, error }
  }
}

/** As `take`, and the failure is the call's own. */
async function leave(stream: AsyncIterable<unknown>, most: number): Promise<unknown[]> {
  const { values, error } = await take(stream, most)
  if (error !== undefined) throw error
  return values
}

function open(pool: Pool, ...args: Parameters<NonNullable<Pool['stream']>>): AsyncIterableIterator<unknown> {
  if (pool.stream === undefined) throw new Error('It has no streams.')
  return pool.stream(...args)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** All so many values arrive, each once, and then this error. */
function after(count: number, code: string): Expectation {
  return resolves(
    undefined,
    ({ values, error }: Taken) =>
      JSON.stringify(values) === JSON.stringify(upTo(count)) &&
      (error as { code?: unknown } | undefined)?.code === `ATONCE_${code}`,
  )
}

function streamed(row: Pick<Row, 'name' | 'fault' | 'running' | 'expect'> & Partial<Row>): Row {
  return { ...row, needs: ['stream', ...(row.needs ?? [])], pool: { module: 'streams' } }
}

const midway: Row[] = [
  streamed({
    name: 'stream-throws',
    fault: 'a generator throws after a thousand values',
    short: true,
    running: pool => take(open(pool, 'throwAfter', 1_000)),
    expect: {
      running: resolves(
        undefined,
        ({ values, error }) =>
          values.length === 1_000 && error instanceof RangeError && (error.cause as Error).message === 'why',
      ),
    },
  }),
  streamed({
    name: 'stream-exits',
    fault: 'a generator calls process.exit(3) after a hundred values',
    short: true,
    running: pool => take(open(pool, 'exitAfter', 100)),
    expect: { running: after(100, 'WORKER_EXITED') },
  }),
  streamed({
    name: 'stream-exits-later',
    fault: 'a generator awaits, then calls process.exit(3), after a hundred values',
    running: pool => take(open(pool, 'exitLaterAfter', 100)),
    expect: { running: after(100, 'WORKER_EXITED') },
  }),
  streamed({
    name: 'stream-killed',
    fault: 'the process of a generator is killed after a hundred values',
    inherent: { threads: sharedProcess },
    running: pool => take(open(pool, 'killSelfAfter', 100)),
    expect: { running: after(100, 'WORKER_CRASHED') },
  }),
  streamed({
    name: 'stream-yields-function',
    fault: 'a generator yields what can not be copied',
    short: true,
    running: pool => leave(open(pool, 'yieldFunction'), 10),
    expect: { running: rejects('SERIALIZATION', { path: 'yielded[3].list[0]' }) },
  }),
  streamed({
    name: 'stream-yields-deep',
    fault: 'a generator yields what is nested 5,000 levels deep',
    running: pool => take(open(pool, 'yieldDeep')),
    expect: { running: after(3, 'SERIALIZATION') },
  }),
  streamed({
    name: 'stream-replaces-globals',
    fault: 'a generator replaces the globals of its worker',
    running: pool => take(open(pool, 'replaceGlobals')),
    queued: pool => take(open(pool, 'replaceGlobals')),
    expect: {
      running: resolves({ values: upTo(100) }),
      queued: resolves({ values: upTo(100) }),
    },
  }),
]

const left: Row[] = [
  streamed({
    name: 'stream-left',
    fault: 'the loop is left early; the finally of the generator takes a moment',
    short: true,
    running: async (pool, stage) => {
      await take(open(pool, 'marksItsEnd', stage.marker), 3)
      return (await stage.begun()) > 0
    },
    expect: { running: resolves(true) },
  }),
  streamed({
    name: 'stream-left-at-once',
    fault: 'fifty streams are left after a value or two',
    running: async pool => {
      const sums: number[] = []
      for (let n = 0; n < 50; n += 1) {
        const { values } = await take(open(pool, n % 2 === 0 ? 'endless' : 'endlessLater'), 1 + (n % 3))
        sums.push(values.length)
      }
      return sums.length
    },
    expect: { running: resolves(50) },
  }),
  streamed({
    name: 'stream-left-never-cleaned',
    fault: 'the loop is left, and the finally of the generator waits for ever',
    short: true,
    running: pool => leave(open(pool, 'neverCleansUp'), 3),
    expect: { running: rejects('WORKER_CRASHED') },
  }),
  streamed({
    name: 'stream-left-spinning',
    fault: 'the loop is left, and the finally of the generator spins for ever',
    running: pool => leave(open(pool, 'spinsAtItsEnd'), 3),
    expect: { running: rejects('WORKER_CRASHED') },
  }),
  streamed({
    name: 'stream-left-between',
    fault: 'the loop is left while the generator spins between two values',
    running: pool => leave(open(pool, 'spinsAfter', 3), 3),
    expect: { running: rejects('WORKER_CRASHED') },
  }),
  streamed({
    name: 'stream-never-read',
    fault: 'a stream is made, and nobody reads it',
    short: true,
    running: async pool => {
      for (let n = 0; n < 1_000; n += 1) open(pool, 'endless')
      return 'made'
    },
    expect: { running: resolves('made') },
  }),
  streamed({
    name: 'stream-no-longer-read',
    fault: 'nobody reads on after three values, and the pool is closed',
    short: true,
    running: async pool => {
      const stream = open(pool, 'endless')
      return [await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value)
    },
    queued: null,
    later: null,
    expect: { running: resolves([0, 1, 2]) },
  }),
  streamed({
    name: 'stream-forgotten',
    fault: 'nobody reads on after three values, and the program has nothing else to do',
    short: true,
    running: async pool => {
      const stream = open(pool, 'endless')
      return [await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value)
    },
    queued: null,
    later: null,
    close: null,
    expect: { running: resolves([0, 1, 2]) },
  }),
  streamed({
    name: 'stream-large-unread',
    fault: 'a generator yields four thousand values of 1 MiB, and nobody reads on after the first',
    running: async pool => {
      const stream = open(pool, 'mebibytes', 4_000)
      const { value } = await stream.next()
      const heldBytes = async () => {
        await new Promise(resolve => setTimeout(resolve, 300))
        return process.memoryUsage().arrayBuffers
      }
      const bytes = await heldBytes()
      await stream.return?.()
      return [(value as Uint8Array).length, bytes < 64 * 2 ** 20]
    },
    expect: { running: resolves([2 ** 20, true]) },
  }),
]

const stopped: Row[] = [
  ...['endless', 'endlessLater'].map(task =>
    streamed({
      name: `stream-aborted-${task === 'endless' ? 'busy' : 'waiting'}`,
      fault: `a stream is cancelled while its generator ${task === 'endless' ? 'yields without a pause' : 'yields and waits'}`,
      needs: ['signal'],
      running: async (pool, stage) => {
        const stream = open(pool, task, undefined, { signal: stage.abort.signal })
        for await (const value of stream) if (value === 1_000) stage.abort.abort(new Error('the reason'))
        return undefined
      },
      expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
    }),
  ),
  streamed({
    name: 'stream-aborted-spinning',
    fault: 'a stream is cancelled while its generator spins between two values',
    short: true,
    needs: ['signal'],
    running: async (pool, stage) => {
      const stream = open(pool, 'spinsAfter', 3, { signal: stage.abort.signal })
      for await (const value of stream)
        if (value === 2) setTimeout(() => stage.abort.abort(new Error('the reason')), 100)
      return undefined
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  streamed({
    name: 'stream-timeout',
    fault: 'a stream runs out of time',
    needs: ['timeout'],
    running: pool => leave(open(pool, 'endlessLater', undefined, { timeoutMs: 500 }), 1e9),
    expect: { running: rejects('TIMEOUT', { timeoutMs: 500 }) },
  }),
  streamed({
    name: 'stream-closed',
    fault: 'the pool is closed while a generator is waited for',
    short: true,
    running: (pool, stage) => take(open(pool, 'marksThenWaits', stage.marker)),
    queued: null,
    meanwhile: async stage => {
      await stage.begun()
      stage.closeNow(300)
    },
    later: null,
    closeGraceMs: 300,
    expect: {
      running: resolves(
        undefined,
        ({ values, error }) => values.length === 1 && error.code === 'ATONCE_CLOSED',
      ),
    },
  }),
  streamed({
    name: 'stream-main-killed',
    fault: 'the main program is killed (SIGKILL) while a generator yields',
    running: (pool, stage) => take(open(pool, 'marksThenWaits', stage.marker)),
    queued: null,
    meanwhile: async stage => {
      await stage.begun()
      stage.signal('SIGKILL')
      return new Promise(() => setInterval(() => {}, 1_000))
    },
    later: null,
    close: null,
    expect: { running: settles(), program: { signal: 'SIGKILL' } },
  }),
]

export const streamRows: readonly Row[] = [...midway, ...left, ...stopped]
