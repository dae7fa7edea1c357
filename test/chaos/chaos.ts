/**
 * Programs that submit and run tasks while they, their connections and the server are killed,
 * frozen, cut and slowed down; then whether anything that was acknowledged is lost, or counts
 * twice.
 *
 *     callers ══ proxies ══▶ nats-server ◀══ proxies ══ workers         each in a process of its own
 *        └─ ledger ─┐                                ┌─ ledger ─┘        written before anything can be killed
 *                   └────────▶ history ◀─────────────┘ ◀── the records in the store, at the end
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { NatsServer } from '../../src/cluster/fixtures/nats-server.ts'
import { readEnding } from '../../src/cluster/messages.ts'
import { NatsEngine } from '../../src/cluster/nats/engine.ts'
import { lanes } from '../../src/cluster/nats/pull.ts'
import { decode, MessageDecoding } from '../../src/wire/codec.ts'
import { decodeFailure } from '../../src/wire/failure.ts'
import { Player, type Stage } from './cast.ts'
import { Faults } from './faults.ts'
import { historyOf, type Outcome, violationsOf } from './history.ts'
import { linesIn } from './ledger.ts'
import { randomOf } from './random.ts'
import { stuckIn } from './stuck.ts'
import type { Ran } from './tasks.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly tasks: number
  readonly faults: number
  readonly workers: number
  readonly callers: number
  readonly leaseMs: number
  /** The run fails if it takes longer. */
  readonly limitMs: number
  progress?(done: number, faults: number): void
}

export interface ChaosReport {
  readonly acknowledged: number
  readonly runs: number
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  /**
   * Records in the store, and how often any of them was written: each task that may run twice once,
   * others twice.
   */
  readonly durationMs: number
}

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedMs = performance.now()
  const ledger = mkdtempSync(join(tmpdir(), 'atonce-chaos-'))
  await using server = await NatsServer.start()
  const engine = new NatsEngine({
    servers: server.url,
    namespace: 'chaos',
    leaseMs: options.leaseMs,
    replicas: 1,
    connectTimeoutMs: 30_000,
  })
  try {
    const hung = await play(options, server, ledger)
    const violations = [...hung, ...(await judged(engine, ledger))]
    const report = { ...summary(ledger), faults: lastFaults, violations }
    if (violations.length > 0) {
      cpSync(server.store, join(ledger, 'store'), { recursive: true })
      console.error(`chaos: who did what, and what the server has, stands in ${ledger}`)
    } else rmSync(ledger, { recursive: true, force: true })
    return { ...report, durationMs: performance.now() - startedMs }
  } finally {
    await engine.close()
  }
}

let lastFaults: Record<string, number> = {}

/**
 * Until there are enough tasks and faults; then all is mended, and everything must come to its end.
 */
async function play(options: ChaosOptions, server: NatsServer, ledger: string): Promise<string[]> {
  const { seed, tasks, faults: wanted, leaseMs, limitMs } = options
  const random = randomOf(seed)
  let acknowledged = 0
  const stage: Stage = {
    serverPort: server.port,
    namespace: 'chaos',
    leaseMs,
    ledger,
    acknowledged: () => {
      acknowledged += 1
    },
  }
  const workers = await Promise.all(
    Array.from({ length: options.workers }, (_, n) =>
      Player.start(stage, './worker-program.ts', () => [n === 0 ? 'threads' : 'coroutines']),
    ),
  )
  let named = 0
  const callers = await Promise.all(
    Array.from({ length: options.callers }, () =>
      Player.start(stage, './caller-program.ts', () => {
        named += 1
        return [`c${named}`, String(seed * 1_000 + named)]
      }),
    ),
  )
  const faults = new Faults({ server, workers, callers, leaseMs }, random)
  const untilMs = performance.now() + limitMs
  while ((acknowledged < tasks || faults.total < wanted) && performance.now() < untilMs) {
    await pass(5 + 20 * random())
    // As many faults for each task at every moment, so that neither ends before the other.
    if (faults.total / wanted <= Math.max(acknowledged / tasks, 0)) faults.begin()
    options.progress?.(acknowledged, faults.total)
  }
  await faults.over()
  lastFaults = Object.fromEntries(faults.counts)
  const hung: string[] = []
  if (acknowledged < tasks || faults.total < wanted)
    hung.push(`only ${acknowledged} tasks and ${faults.total} faults in ${limitMs} ms`)
  for (const code of await Promise.all(callers.map(caller => caller.end(120_000))))
    if (code !== 0) hung.push(`a caller ${code === undefined ? 'hung' : `ended with ${code}`}`)
  hung.push(...(await drained(server, leaseMs, ledger)))
  for (const code of await Promise.all(workers.map(worker => worker.end(30_000))))
    if (code !== 0) hung.push(`a worker ${code === undefined ? 'hung' : `ended with ${code}`}`)
  return hung
}

/** Waits until nothing is queued or taken any more, and nothing of it is left in the store. */
async function drained(server: NatsServer, leaseMs: number, ledger: string): Promise<string[]> {
  const engine = new NatsEngine({ servers: server.url, namespace: 'chaos', leaseMs, replicas: 1 })
  const untilMs = performance.now() + 60_000
  try {
    for (;;) {
      const { waiting, taken } = await engine.depth('default')
      const lefts = await Promise.all(lanes.map(lane => engine.left('default', lane)))
      const left = lefts.reduce((sum, count) => sum + count, 0)
      if (waiting + taken + left === 0) return []
      if (performance.now() > untilMs)
        return [
          `${waiting} tasks wait, ${taken} are taken and ${left} in the store after a minute`,
          ...(await stuckIn(server.url, 'chaos', ledger)),
        ]
      await pass(50)
    }
  } finally {
    await engine.close()
  }
}

/** The histories, against what the store holds. */
async function judged(engine: NatsEngine, ledger: string): Promise<string[]> {
  const history = historyOf(linesIn(ledger))
  const results = engine.records('results')
  const outcomes = new Map<string, Outcome>()
  const ids = [...history.acknowledged].filter(([, kind]) => kind !== 'unkept').map(([id]) => id)
  const next = ids[Symbol.iterator]()
  const read = async () => {
    for (const id of next) outcomes.set(id, outcomeIn((await results.get(id))?.bytes))
  }
  await Promise.all(Array.from({ length: 64 }, read))
  return violationsOf(history, id => outcomes.get(id))
}

function outcomeIn(bytes: Uint8Array | undefined): Outcome {
  const ending = bytes && readEnding(bytes)
  if (ending?.kind !== 'settled') return undefined
  const { reply } = ending
  if (reply.kind === 'done') return { token: (decode(reply.value, reply.special) as Ran).token }
  if (reply.kind !== 'failed') return { failure: reply.kind }
  const error = decodeFailure(reply.failure, new MessageDecoding()) as Error & { code?: unknown }
  return { failure: typeof error.code === 'string' ? error.code : error.name }
}

function summary(ledger: string): { acknowledged: number; runs: number } {
  const { acknowledged, begun } = historyOf(linesIn(ledger))
  return { acknowledged: acknowledged.size, runs: [...begun.values()].reduce((sum, n) => sum + n, 0) }
}
