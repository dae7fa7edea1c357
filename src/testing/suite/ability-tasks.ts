/** The tasks of ability-behaviours.ts; a module of its own, as workers must import it. */
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'
import { currentExecutor } from '../../executor/current-executor.ts'
import { context } from '../../task/context.ts'
import { task } from '../../task/task.ts'

/** Says that it has begun, and goes on until it is told to stop. */
export const untilStopped = task(import.meta, async function untilStopped(): Promise<string> {
  const { signal, progress } = context()
  progress(0)
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  return String(signal.reason)
})

/** Goes on until it is told to stop, if it is given 0. */
export const stoppedAtZero = task(import.meta, async function stoppedAtZero(n: number): Promise<number> {
  if (n === 0) await untilStopped()
  return n
})

export const yieldsThenWaits = task(import.meta, async function* yieldsThenWaits(): AsyncGenerator<
  number,
  void
> {
  yield 1
  await untilStopped()
})

/** What this worker was readied with, and how often. */
let kept: unknown
let times = 0

export const keep = task(import.meta, async function keep(value: unknown, file?: string): Promise<void> {
  await later(5)
  if (file !== undefined && existsSync(`${file}.bad`)) throw new RangeError('not today')
  kept = value
  times += 1
})

export const whatWasKept = task(import.meta, function whatWasKept(): [unknown, number] {
  return [kept, times]
})

/** Takes its time, and says in a file that it was here. */
export const leaveNote = task(
  import.meta,
  async function leaveNote(file: string, note: string): Promise<void> {
    await later(20)
    appendFileSync(file, `${note}\n`)
  },
)

/** What it returns is for nobody, and can't be copied. */
export const readyAndReturnMore = task(import.meta, async function readyAndReturnMore(): Promise<() => void> {
  await later(1)
  return () => {}
})

export const yieldSteps = task(import.meta, function* yieldSteps(): Generator<number, void> {
  yield 1
})

let lit = false

async function waitForFire(): Promise<never> {
  while (!lit) await later(1)
  throw new RangeError('left behind')
}

/** Leaves a promise behind that rejects once another call has lit it. */
export const leaveBomb = task(import.meta, function leaveBomb(): void {
  void waitForFire()
})

export const lightBomb = task(import.meta, async function lightBomb(): Promise<void> {
  lit = true
  await untilStopped()
})

export const exitAtOnce = task(import.meta, function exitAtOnce(): void {
  process.exit(7)
})

export const failToLeave = task(import.meta, async function failToLeave(): Promise<void> {
  throw new RangeError('the door is stuck')
})

/** Ends when so many calls of this task are under way in this worker; says how many that were. */
const meeting: (() => void)[] = []

export const meet = task(import.meta, async function meet(people: number): Promise<number> {
  await new Promise<void>(resolve => {
    meeting.push(resolve)
    if (meeting.length === people) for (const go of meeting.splice(0)) go()
  })
  return people
})

let under = 0

/** Its worker, and how many calls of this task were under way there at its beginning. */
export const crowdOf = task(import.meta, async function crowdOf(): Promise<readonly [string, number]> {
  under += 1
  const seen = under
  await later(5)
  under -= 1
  return [context().worker, seen]
})

/** Makes so many calls of its own, each of which makes one fewer. */
export const split = task(import.meta, async function splitting(levels: number): Promise<number> {
  if (levels === 0) return 1
  const { run } = currentExecutor()
  const parts = await Promise.all([run(split, levels - 1), run(split, levels - 1)])
  return parts[0] + parts[1]
})

export const endWorker = task(import.meta, async function endWorker(): Promise<void> {
  await later(20)
  process.exit(7)
})

const seenHere: string[] = []

/** Notes the key, and tells this worker's name and all keys that were noted here. */
export const noteKey = task(import.meta, async function noteKey(key: string): Promise<[string, string[]]> {
  await later(1)
  seenHere.push(key)
  return [context().worker, [...seenHere]]
})

export const whoAmI = task(import.meta, async function whoAmI(badWorker?: string): Promise<string> {
  const { worker } = context()
  if (worker.startsWith(badWorker ?? 'none')) throw new RangeError(worker)
  return worker
})

/** Ends this worker, if the file is not there; then it is. */
export const endWorkerOnce = task(import.meta, async function endWorkerOnce(file: string): Promise<string> {
  if (existsSync(file)) return context().worker
  appendFileSync(file, '')
  process.exit(7)
})

export const nestedKey = task(import.meta, async function nestedKey(): Promise<[string, string]> {
  const own = currentExecutor()
  const codeOf = (error: Error) => (error as { code?: string }).code ?? String(error)
  const byKey = await own
    .with({ key: 'a' })
    .run(whoAmI)
    .then(() => 'ran', codeOf)
  try {
    await own.runOnEach(whoAmI)
  } catch (error) {
    return [byKey, codeOf(error as Error)]
  }
  return [byKey, 'ran']
})

export const surroundings = task(import.meta, function surroundings(): [
  string | undefined,
  string | undefined,
  string[],
  boolean,
] {
  const { MODE, PATH } = process.env
  return [MODE, PATH, process.argv.slice(2), process.execArgv.includes('--no-deprecation')]
})

/** Goes on whatever it is told. */
export const neverStop = task(import.meta, async function neverStop(): Promise<void> {
  for (;;) await later(20)
})
