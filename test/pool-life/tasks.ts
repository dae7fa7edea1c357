/** Tasks that show which worker they run on, and that die. */
import { mkdirSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { currentExecutor } from '../../src/executor/current-executor.ts'
import { context } from '../../src/task/context.ts'
import type { Future } from '../../src/task/future.ts'
import { task } from '../../src/task/task.ts'

/** Which worker this is: no two have the same pid and thread. */
export const whoAmI = task(import.meta, (_n?: number): string => `${process.pid} ${threadId}`)

/** Leaves a trace that is seen from a loop that stands still. */
export const leaveTrace = task(import.meta, (folder: string): void => {
  mkdirSync(folder)
})

export const die = task(import.meta, (): never => process.exit(9))

export const dieNested = task(import.meta, async (): Promise<string> => {
  const { run } = currentExecutor()
  return run(die).then(
    () => 'it lives',
    error => (error as Error).name,
  )
})

/** Holds one worker with a nested call while another one dies. */
export const survive = task(import.meta, async (): Promise<string[]> => {
  const { run } = currentExecutor()
  const ending = run(die).then(String, error => (error as Error).name)
  return [await ending, await run(whoAmI)]
})

/** Waits for a nested call that goes on until it is cancelled, and tells so. */
export const parentOfEndless = task(import.meta, async (): Promise<void> => {
  await currentExecutor().run(endless).onProgress(context().progress)
})

export const endless = task(import.meta, async (): Promise<void> => {
  const { progress, signal } = context()
  progress(1)
  await new Promise(resolve => signal.addEventListener('abort', resolve))
})

/** Dies once its nested call runs. */
export const dieAsParent = task(import.meta, async (): Promise<void> => {
  await currentExecutor()
    .run(endless)
    .onProgress(() => process.exit(9))
})

/** Spins in a nested call, which only the end of the worker can stop. */
export const nestedSpin = task(import.meta, async (): Promise<void> => {
  await currentExecutor().run(spin)
})

export const spin = task(import.meta, (): never => {
  for (;;);
})

let calls = 0

/** Fails until its `worksAt`-th call in this worker. */
export const flaky = task(
  import.meta,
  (worksAt: number): number => {
    calls += 1
    if (calls < worksAt) throw new RangeError(`call ${calls}`)
    calls = 0
    return context().attempt
  },
  { idempotent: true },
)

/** The attempt, once it is `worksAt`; ends its worker before. */
export const dieUntil = task(
  import.meta,
  (worksAt: number): number => (context().attempt < worksAt ? process.exit(9) : context().attempt),
  { idempotent: true },
)

/** Fails at its first attempt if the input is odd. */
export const oddFailsOnce = task(
  import.meta,
  (n: number): number => {
    if (n % 2 === 1 && context().attempt === 1) throw new RangeError(`${n}`)
    return n * context().attempt
  },
  { idempotent: true },
)

export const alwaysFails = task(
  import.meta,
  (): never => {
    throw new RangeError(`attempt ${context().attempt}`)
  },
  { idempotent: true },
)

export const takesBytes = task(import.meta, (bytes: Uint8Array): number => bytes.length, { idempotent: true })

export const slow = task(import.meta, async (ms: number): Promise<number> => {
  await new Promise(resolve => setTimeout(resolve, ms))
  return ms
})

const kept: Uint8Array[] = []

export const keep = task(import.meta, (mebibytes: number): string => {
  kept.push(new Uint8Array(mebibytes * 2 ** 20).fill(1))
  return `${process.pid} ${threadId}`
})

let initialized = 0

export const initialize = task(import.meta, async (): Promise<void> => {
  await Promise.resolve()
  initialized += 1
})

export const timesInitialized = task(import.meta, (): number => initialized)

export const failToInitialize = task(import.meta, (): never => {
  throw new RangeError('no licence')
})

export const exitAtInitialize = task(import.meta, (): never => process.exit(4))

/** As `endless`, and may be repeated. */
export const endlessly = task(import.meta, (): Promise<void> => endless(), { idempotent: true })

let left: Future<unknown> | undefined

/** Ends while a call that it has made waits for its second attempt. */
export const leavesRepeat = task(import.meta, async (): Promise<void> => {
  const patient = currentExecutor().with({ retries: 1, retryDelayMs: 60_000 })
  left = patient.run(alwaysFails)
  patient.map(oddFailsOnce, [1]).then(null, () => {})
  await new Promise(resolve => setTimeout(resolve, 100))
})

/** What became of that call. */
export const stateOfLeft = task(import.meta, (): string | undefined => left?.state)

/** Says that it has begun, and takes a while. */
export const arrive = task(import.meta, (arrived: Int32Array): void => {
  Atomics.add(arrived, 0, 1)
  Atomics.notify(arrived, 0)
  Atomics.wait(arrived, 1, 0, 20)
})

/** Returns, and leaves an error behind that nobody takes. */
export const leaveError = task(
  import.meta,
  function leaveError(how: 'rejection' | 'tick' | 'microtask'): number {
    const fail = () => {
      throw new RangeError('left behind')
    }
    if (how === 'tick') process.nextTick(fail)
    else if (how === 'microtask') queueMicrotask(fail)
    else void Promise.reject(new RangeError('left behind'))
    return 1
  },
)

/** Prints when its worker exits. */
export const printAtExit = task(import.meta, (text: string): void => {
  process.on('exit', () => console.log(text))
})

/** Returns, and prints in the next turn of its worker's event loop. */
export const printLater = task(import.meta, (text: string): void => {
  setImmediate(() => console.log(text))
})

export const twice = task(import.meta, (n: number): number => 2 * n)

export const countTo = task(import.meta, function* countTo(most: number): Generator<number, void> {
  for (let n = 1; n <= most; n += 1) yield n
})
