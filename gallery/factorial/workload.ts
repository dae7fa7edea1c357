/** Factorials modulo a prime: a few long calls, each one number out and one back. */
import { progressAfter } from '../progress.ts'
import type { Size, Verdict, Workload } from '../workload.ts'
import { factorialByParts, modulus } from './factorial.ts'
import { factorial } from './tasks.ts'

export interface FactorialSize extends Size {
  /** Of which the factorials are wanted. */
  readonly numbers: readonly number[]
}

// n! mod 10⁹ + 7, checked with BigInt for the first three, and by multiplying on from them for the
// others (factorial.test.ts).
const known: ReadonlyMap<number, number> = new Map([
  [1_000_000, 641_102_369],
  [5_000_000, 974_067_448],
  [10_000_000, 682_498_929],
  [40_000_000, 723_816_384],
  [90_000_000, 888_050_723],
])

const times = (count: number, n: number) => Array.from({ length: count }, () => n)

export const factorials: Workload<number[], FactorialSize> = {
  name: 'factorial',
  title: 'Factorials modulo 10⁹ + 7',
  lesson:
    'Few long calls with hardly any data: as many at a time as there are cores, and nothing is lost on the way.',
  sizes: {
    S: { label: '4 of 10^6', numbers: times(4, 1_000_000) },
    M: { label: '8 of 10^7', numbers: times(8, 10_000_000) },
    L: { label: '10 of 4·10^7', numbers: times(10, 40_000_000) },
    workshop: { label: '10 of 9·10^7 to 9·10^7 + 9', numbers: times(10, 90_000_000).map((n, at) => n + at) },
  },
  defaultSize: 'M',

  serial({ numbers }) {
    return numbers.map(factorialByParts)
  },

  parallel(executor, { numbers }, options = {}) {
    return executor.map(factorial, numbers, progressAfter(0, numbers.length, options)) as Promise<number[]>
  },

  check(answer, { numbers }): Verdict {
    const expected = inWords(numbers.map(expectedOf))
    const shows = inWords(answer)
    return { ok: shows === expected, shows, expected }
  },
}

/** From the known one below it, by the few factors that are left. */
function expectedOf(n: number): number {
  const from = [...known.keys()].filter(key => key <= n).toSorted((a, b) => b - a)[0]
  if (from === undefined || n - from > 1_000) throw new RangeError(`No known factorial near ${n}.`)
  let product = BigInt(known.get(from) as number)
  for (let i = from + 1; i <= n; i += 1) product = (product * BigInt(i)) % BigInt(modulus)
  return Number(product)
}

function inWords(answers: readonly number[]): string {
  const [first = 0, ...others] = answers
  const more = others.every(answer => answer === first)
    ? `${answers.length} times`
    : `and ${others.join(', ')}`
  return `${first.toLocaleString('en-US')}, ${more}`
}
