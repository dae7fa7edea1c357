/** Ways of the same work, in turns: medians, and ratios to the first way within each round. */

export interface Way {
  readonly name: string
  run(): unknown
}

/**
 * Prints a line for each way; `check` is called after each run, and throws if its answer is wrong.
 */
export async function inTurns(
  title: string,
  rounds: number,
  ways: readonly Way[],
  check: (answer: unknown) => void,
): Promise<void> {
  const all = ways.map(() => ({ wallMs: [] as number[], cpuMs: [] as number[] }))
  for (let round = -1; round < rounds; round += 1)
    for (const [at, { run }] of ways.entries()) {
      const before = process.cpuUsage()
      const startedMs = performance.now()
      const answer = await run()
      const wallMs = performance.now() - startedMs
      const { user, system } = process.cpuUsage(before)
      check(answer)
      if (round < 0) continue // It warms up.
      all[at]?.wallMs.push(wallMs)
      all[at]?.cpuMs.push((user + system) / 1_000)
    }
  console.log(title)
  for (const [at, { name }] of ways.entries()) {
    const [{ wallMs, cpuMs }, first] = [all[at], all[0]] as [(typeof all)[0], (typeof all)[0]]
    console.log(
      `    ${name.padEnd(34)} ${middle(wallMs).toFixed(1).padStart(8)} ms, ${speedUp(first.wallMs, wallMs)}   ` +
        `CPU ${middle(cpuMs).toFixed(1).padStart(8)} ms, ${speedUp(first.cpuMs, cpuMs)}   fastest ${Math.min(...wallMs).toFixed(1)} ms`,
    )
  }
}

function speedUp(first: readonly number[], own: readonly number[]): string {
  const ratios = own.map((ms, round) => (first[round] as number) / ms)
  return `×${middle(ratios).toFixed(2)} [${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}]`
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}
