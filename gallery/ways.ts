/**
 * Several ways to do the same work, tried in turns: what getting the data there takes, what the
 * work takes, whether it is right.
 */

/** One way to the answer, in two steps that are timed apart. */
export interface Way<Answer> {
  readonly name: string
  /** Puts the inputs where this way needs them; what it returns does the work, once. */
  prepare(): () => Answer | PromiseLike<Answer>
}

/** A way's median times over all rounds, in milliseconds. */
export interface TriedWay {
  readonly name: string
  readonly prepareMs: number
  readonly workMs: number
  /** CPU time of the whole process during the work, threads of native code included. */
  readonly cpuMs: number
}

/**
 * Runs all ways `rounds` times, in turns, so that a busy spell of the machine meets them alike.
 * `check` is given each answer, and throws if it is wrong. A round that is not counted goes first:
 * it starts threads and compiles.
 */
export async function tryWays<Answer>(
  ways: readonly Way<Answer>[],
  rounds: number,
  check: (answer: Answer, way: string) => void,
): Promise<TriedWay[]> {
  const times = ways.map(() => ({ prepare: [] as number[], work: [] as number[], cpu: [] as number[] }))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [at, way] of ways.entries()) {
      const began = performance.now()
      const work = way.prepare()
      const prepared = performance.now()
      const before = process.cpuUsage()
      const answer = await work()
      const done = performance.now()
      const { user, system } = process.cpuUsage(before)
      check(answer, way.name)
      if (round === 0) continue
      times[at]?.prepare.push(prepared - began)
      times[at]?.work.push(done - prepared)
      times[at]?.cpu.push((user + system) / 1_000)
    }
  }
  return ways.map(({ name }, at) => ({
    name,
    prepareMs: medianOf(times[at]?.prepare ?? []),
    workMs: medianOf(times[at]?.work ?? []),
    cpuMs: medianOf(times[at]?.cpu ?? []),
  }))
}

/**
 * The ways as lines of a table, each with the work's speed over that of the first, and the cores
 * that it kept busy.
 */
export function tableOf(tried: readonly TriedWay[]): string {
  const first = tried[0]?.workMs ?? Number.NaN
  const width = Math.max(...tried.map(({ name }) => name.length))
  const head = `${''.padEnd(width)}  data there       work   times the first  cores busy`
  const lines = tried.map(
    ({ name, prepareMs, workMs, cpuMs }) =>
      `${name.padEnd(width)}  ${inMs(prepareMs)}  ${inMs(workMs)}   ${(first / workMs).toFixed(2).padEnd(15)}  ${(cpuMs / workMs).toFixed(2)}`,
  )
  return [head, ...lines].join('\n')
}

function inMs(ms: number): string {
  return `${ms.toFixed(1)} ms`.padStart(10)
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}
