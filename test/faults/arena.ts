/**
 * The program that a fault happens to: it starts one pool, plays one row on it, and reports what it
 * sees.
 *
 *     node arena.ts <row> <subject's module> <limit in ms> <directory>
 *
 *     start ─▶ running ─▶ queued ─▶ meanwhile ─▶ both settle ─▶ later ─▶ close ─▶ end: nothing keeps it alive
 *
 * It is an ordinary program: it handles no stray errors, so what kills it would kill a user's
 * program too. Reports leave through file descriptor 3, written at once.
 */
import { writeSync } from 'node:fs'
import type { Expectation } from './expect.ts'
import { resolves } from './expect.ts'
import { type ArenaLine, describe, type Outcome, type Problem, type Slot } from './observation.ts'
import { type Call, defaultCloseGraceMs, type Row } from './row.ts'
import { allRows } from './rows/all.ts'
import { NeverBegun, Stage } from './stage.ts'
import type { Pool, PoolOptions, Subject } from './subject.ts'

/** What close() may take beyond its grace, on a busy machine. */
const closeSlackMs = 1_500

const [rowName, subjectModule, limitText, directory] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
]
const row = allRows.find(candidate => candidate.name === rowName) as Row
const limitMs = Math.max(Number(limitText), row.limitMs ?? 0)
// Modules of tasks ask for this mark: it is there in the main program, and in no worker.
Object.assign(globalThis, { [Symbol.for('faults.arena')]: true })
const subject = ((await import(subjectModule)) as { default: Subject }).default
const stage = new Stage({ model: subject.model, directory, limitMs, say })

try {
  await play()
} catch (error) {
  if (!(error instanceof NeverBegun)) throw error
  say({ line: 'moot', why: error.message })
  await stage.pool.close(0).catch(() => {})
}
say({ line: 'end' })

async function play(): Promise<void> {
  const options = typeof row.pool === 'function' ? row.pool(stage) : (row.pool ?? {})
  const opened = await outcomeOf(open(options), limitMs)
  if (opened.outcome.kind !== 'value') return report('running', opened, row.expect.running)
  const pool = opened.outcome.value as Pool
  stage.pool = pool

  const running = begin(pool, row.running)
  const queued = row.queued === null ? undefined : begin(pool, row.queued ?? echo('queued'))
  const meanwhile = attempt(async () => row.meanwhile?.(stage))
  meanwhile.catch(() => {}) // Thrown below, after what the calls came to.
  report('running', await running, row.expect.running)
  if (queued !== undefined) report('queued', await queued, row.expect.queued ?? resolves('queued'))
  await meanwhile

  await row.before?.(stage)
  if (row.later !== null)
    report('later', await begin(pool, row.later ?? echo('later')), row.expect.later ?? resolves('later'))
  if (row.close !== null) await close(pool)
}

async function open(options: PoolOptions): Promise<Pool> {
  return subject.start({ workers: 1, graceMs: 100, ...options })
}

function begin(pool: Pool, call: Call): Promise<Timed> {
  return outcomeOf(
    attempt(() => call(pool, stage)),
    limitMs,
  )
}

async function close(pool: Pool): Promise<void> {
  const graceMs = row.closeGraceMs ?? defaultCloseGraceMs
  const { promise, startedAt } = stage.closing ?? {
    promise: attempt(() => row.close?.(pool) ?? pool.close(graceMs)),
    startedAt: performance.now(),
  }
  const { outcome } = await outcomeOf(promise, Math.max(limitMs, graceMs + 2 * closeSlackMs))
  const ended: Timed = { outcome, ms: performance.now() - startedAt }
  report('close', ended, {
    text: 'closed',
    judge: outcome =>
      outcome.kind === 'value'
        ? late(ended.ms, graceMs + closeSlackMs)
        : resolves(undefined, () => true).judge(outcome, subject.model),
  })
}

function late(ms: number, allowedMs: number): Problem | undefined {
  return ms > allowedMs
    ? { kind: 'late', text: `close() took ${Math.round(ms)} ms, where ${allowedMs} ms are allowed` }
    : undefined
}

interface Timed {
  readonly outcome: Outcome
  readonly ms: number
}

/** A call that throws at once counts like one that rejects. */
async function attempt(call: () => Promise<unknown>): Promise<unknown> {
  return call()
}

async function outcomeOf(promise: Promise<unknown>, withinMs: number): Promise<Timed> {
  const startedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Outcome>(resolve => {
    timer = setTimeout(() => resolve({ kind: 'pending' }), withinMs)
  })
  const settled = promise.then(
    (value): Outcome => ({ kind: 'value', value }),
    (error): Outcome => ({ kind: 'error', error }),
  )
  const outcome = await Promise.race([settled, limit])
  clearTimeout(timer)
  return { outcome, ms: performance.now() - startedAt }
}

function report(slot: Slot, { outcome, ms }: Timed, expected: Expectation): void {
  const problem = expected.judge(outcome, subject.model)
  const seen = problem === undefined && outcome.kind === 'value' ? 'ok' : describe(outcome)
  say({ line: 'observed', observation: { slot, seen, ms, ...(problem === undefined ? {} : { problem }) } })
}

function echo(text: string): Call {
  return pool => pool.run('echo', text)
}

function say(line: ArenaLine): void {
  writeSync(3, `${JSON.stringify(line)}\n`)
}
