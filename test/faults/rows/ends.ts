/**
 * Something happens to a call that has the ends of channels on loan: what it has not taken comes
 * back, what it has sent is there.
 */
import { Channel } from '../../../src/index.ts'
import { resolves } from '../expect.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import type { Pool, RunOptions } from '../subject.ts'

const sharedProcess = 'threads share one process: the signal ends the whole program'
const lentItems = 40

/** What became of the items, and of the call. */
interface Loan {
  readonly code: unknown
  readonly back: readonly number[]
  readonly sent: readonly number[]
}

/**
 * Lends both ends for one call, and looks at the channels once it has settled and `takes` items are
 * gone.
 */
async function lend(
  pool: Pool,
  stage: Stage,
  task: string,
  then: string,
  takes: number,
  options: RunOptions = {},
): Promise<Loan> {
  const [there, back] = [new Channel<number>(100), new Channel<number>(100)]
  for (let n = 0; n < lentItems; n += 1) await there.send(n)
  const { receiver } = there
  const { sender } = back
  const code = await pool.run(task, { receiver, sender, marker: stage.marker, then }, options).then(
    () => undefined,
    (error: { code?: unknown }) => error.code,
  )
  // A thread's items come back shortly after; that they never do is a hang.
  while (there.size !== lentItems - takes) await new Promise(setImmediate)
  while (back.size !== takes) await new Promise(setImmediate)
  there.close()
  back.close()
  return { code, back: await Array.fromAsync(there), sent: await Array.fromAsync(back) }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** So the call ended, and each item is in one place, in its order. */
function allThere(code: string | undefined, takes: number): ReturnType<typeof resolves> {
  return resolves(
    undefined,
    ({ code: got, back, sent }: Loan) =>
      got === (code && `ATONCE_${code}`) &&
      JSON.stringify(back) === JSON.stringify(upTo(lentItems).slice(takes)) &&
      JSON.stringify(sent) === JSON.stringify(upTo(takes).map(n => 2 * n)),
  )
}

function taken(
  then: string,
  fault: string,
  code: string | undefined,
  row: Partial<Row> = {},
  options: (stage: Stage) => RunOptions = () => ({}),
): Row {
  return {
    name: `ends-${then.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
    fault: `a task with a channel's ends has taken ten items, and ${fault}`,
    ...row,
    needs: ['atonce', ...(row.needs ?? [])],
    pool: { module: 'ends', ...row.pool },
    running: (pool, stage) => lend(pool, stage, 'takeTen', then, 10, options(stage)),
    expect: { running: allThere(code, 10) },
  }
}

const aborting = {
  meanwhile: async (stage: Stage) => {
    await stage.begun()
    stage.abort.abort(new Error('the reason'))
  },
  needs: ['signal'],
} satisfies Partial<Row>
const signalled = (stage: Stage) => ({ signal: stage.abort.signal })

export const endRows: readonly Row[] = [
  taken('returns', 'returns', undefined),
  taken('exits', 'exits', 'WORKER_EXITED', { short: true }),
  taken('throwsLater', 'throws where nobody catches it', 'WORKER_CRASHED'),
  taken('isKilled', 'is killed', 'WORKER_CRASHED', { short: true, inherent: { threads: sharedProcess } }),
  taken('aborts', 'aborts', 'WORKER_CRASHED', { inherent: { threads: sharedProcess } }),
  taken('fillsMemory', 'fills the memory', 'OUT_OF_MEMORY', {
    pool: { memoryMb: 32 },
    needs: ['memory-limit'],
    limitMs: 20_000,
  }),
  taken('holds', 'never ends, until it is cancelled', 'ABORTED', { short: true, ...aborting }, signalled),
  taken('spins', 'spins, until it is cancelled', 'ABORTED', aborting, signalled),
  {
    name: 'ends-untouched',
    fault: "a task with a channel's ends has taken nothing, and is cancelled",
    pool: { module: 'ends' },
    ...aborting,
    needs: ['atonce', 'signal'],
    running: (pool, stage) => lend(pool, stage, 'touchesNothing', '', 0, signalled(stage)),
    expect: { running: allThere('ABORTED', 0) },
  },
]
