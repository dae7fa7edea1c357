/**
 * One function, in a process of its own: asks the chooser, then forces every way, in turns, and
 * prints all as JSON.
 *
 *     node one.ts <number> [budget in s]     node one.ts calibrate <file>
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { coroutines, move, processes, type Task, threads } from 'atonce'
import { auto, type Choice, calibrate, choose } from 'atonce/choose'
import { machineBusyMs } from '../../src/measure/machine-load.ts'
import { processesCpuMs, treeCpuMs } from '../../src/measure/process-tree.ts'
import { median } from '../../src/measure/statistics.ts'
import { functions, makeFiles, type Scored, type Surroundings } from './functions.ts'
import type { Forced, Played } from './played.ts'
import { keyOf } from './score.ts'

interface Contender extends Omit<Forced, 'samplesMs'> {
  readonly run: (inputs: readonly unknown[]) => PromiseLike<unknown>
  readonly inputs: () => readonly unknown[]
  readonly samplesMs: number[]
  failed?: string
}

const mostRounds = 16
/** What takes so many times as long as the best is not run more than twice. */
const hopeless = 2

/** The executors of the run that is under way. */
const opened: ReturnType<typeof threads>[] = []
let autoTook = ''

const [which = '', more] = process.argv.slice(2)
if (which === 'calibrate')
  writeFileSync(more as string, JSON.stringify(await calibrate({ waitMs: 15_000 }), null, 2))
else await play(functions[Number(which)] as Scored, Number(more ?? 8) * 1_000)

async function play(scored: Scored, budgetMs: number): Promise<void> {
  const server = spawn(process.execPath, [new URL('./server.ts', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string]
  const { files, remove } = makeFiles()
  const surroundings: Surroundings = { server: address, files }
  try {
    const inputs = scored.inputs(surroundings)
    const begunMs = performance.now()
    const choice = await choose(scored.task, {
      inputs: inputs as never[],
      ...(scored.maxConcurrency === undefined ? {} : { maxConcurrency: scored.maxConcurrency }),
    })
    const chooseMs = performance.now() - begunMs
    const contenders = contendersOf(scored, surroundings, choice)
    const chosen = contenders.find(({ key }) => key === keyOf(choice.way, choice.concurrency))
    const nextMs = chosen === undefined ? undefined : await timed(chosen)
    const [busy, own] = [machineBusyMs(), cpuMs(server.pid as number)]
    const from = performance.now()
    await race(contenders, budgetMs)
    const wallMs = performance.now() - from
    const foreignCores = Math.max(0, machineBusyMs() - busy - (cpuMs(server.pid as number) - own)) / wallMs
    const { profile, predictions, ...said } = choice
    const played: Played = {
      name: scored.name,
      half: scored.half,
      kind: scored.kind,
      choice: { ...said, predictions: predictions.map(one => ({ ...one, draws: [] })), profile },
      chooseMs,
      items: inputs.length,
      foreignCores,
      nextMs,
      autoTook,
      forced: contenders.map(({ key, way, concurrency, samplesMs, failed }) => ({
        key,
        way,
        concurrency,
        samplesMs,
        ...(failed === undefined ? {} : { failed }),
      })),
    }
    process.stdout.write(`${JSON.stringify(played)}\n`)
  } finally {
    remove()
    server.stdin.end()
  }
}

/** With that of the server, which is not a stranger. */
function cpuMs(server: number): number {
  return (treeCpuMs([]) ?? 0) + processesCpuMs([server])
}

function contendersOf(scored: Scored, surroundings: Surroundings, choice: Choice): Contender[] {
  const { task, maxConcurrency = Number.POSITIVE_INFINITY } = scored
  const call = task as unknown as (...args: readonly unknown[]) => unknown
  const takesItem = task.length === 1
  const found: Contender[] = []
  const add = (
    way: Forced['way'],
    concurrency: number,
    run: Contender['run'],
    form: () => readonly unknown[] = () => scored.inputs(surroundings),
  ) => {
    const key = concurrency === 1 ? way : `${way} ${concurrency}`
    if (concurrency <= maxConcurrency && !found.some(one => one.key === key))
      found.push({ key, way, concurrency, run, inputs: form, samplesMs: [] })
  }
  const mapped =
    (open: () => ReturnType<typeof threads>, of: Task = task) =>
    async (inputs: readonly unknown[]) => {
      const pool = open()
      opened.push(pool)
      return await pool.map(of, inputs as never[])
    }
  const waits = choice.profile.returnsPromise
  add('plain loop', 1, async inputs => {
    const results: unknown[] = []
    for (const input of inputs) {
      const result = takesItem ? call(input) : call(...(input as readonly unknown[]))
      results.push(waits ? await result : result)
    }
    return results
  })
  for (const k of new Set(waits ? [Math.min(64, maxConcurrency), 16, 256, choice.concurrency] : [64]))
    if (k > 1)
      add(
        'coroutines',
        k,
        mapped(() => coroutines({ concurrency: k })),
      )
  add(
    'threads',
    1,
    mapped(() => threads()),
  )
  const { moving, sharing } = scored
  if (moving !== undefined)
    add(
      'threads, moving',
      1,
      inputs => mapped(() => threads(), moving.task)(inputs.map(one => move(one as Uint8Array<ArrayBuffer>))),
      moving.inputs,
    )
  if (sharing !== undefined)
    add(
      'threads, sharing',
      1,
      mapped(() => threads(), sharing.task),
      sharing.inputs,
    )
  for (const k of new Set(waits ? [32, choice.concurrency] : []))
    if (k > 1 && k * 2 <= maxConcurrency)
      add(
        'threads × coroutines',
        k,
        mapped(() => threads({ callsPerWorker: k })),
      )
  add(
    'processes',
    1,
    mapped(() => processes()),
  )
  add(
    'auto',
    1,
    mapped(() => auto(maxConcurrency === Number.POSITIVE_INFINITY ? {} : { concurrency: maxConcurrency })),
  )
  return found
}

/**
 * In turns, A B C, then C B A. The first round warms up and does not count; what fails in it is
 * forbidden. What takes far longer than the best has its say in two rounds, so that those that are
 * near the best have more.
 */
async function race(contenders: readonly Contender[], budgetMs: number): Promise<void> {
  const begunMs = performance.now()
  for (let round = 0; round < mostRounds; round += 1) {
    const passedMs = performance.now() - begunMs
    if (round > 3 && passedMs * (1 + 1 / round) > budgetMs) break
    const bestMs = Math.min(...contenders.map(medianOf))
    for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
      if (one.failed !== undefined) continue
      if (one.samplesMs.length >= 2 && medianOf(one) > hopeless * bestMs) continue
      try {
        const ms = await timed(one)
        if (round > 0) one.samplesMs.push(ms)
      } catch (error) {
        one.failed = error instanceof Error ? error.message : String(error)
      }
    }
  }
}

function medianOf({ samplesMs }: Contender): number {
  return samplesMs.length === 0 ? Number.POSITIVE_INFINITY : median(samplesMs)
}

/** Each run begins with a heap without garbage: it pays for its own, and not for another's. */
async function timed({ run, inputs }: Contender): Promise<number> {
  const made = inputs()
  globalThis.gc?.()
  const fromMs = performance.now()
  try {
    await run(made)
    return performance.now() - fromMs
  } finally {
    const pool = opened.pop()
    const [took] = pool?.stats().choices ?? []
    if (took !== undefined) autoTook = `${took.way}, ${took.confidence}`
    await pool?.close({ graceMs: 0 })
  }
}
