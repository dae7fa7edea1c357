/**
 * A test under virtual time and a seeded schedule: no clock is waited for, every order of what runs
 * beside each other can come up, and a run that failed can be had again.
 */
import { checkOptions, checkWhole, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { realRuntime } from './real.ts'
import { withRuntime } from './runtime.ts'
import { VirtualRuntime } from './virtual.ts'

/** What `simulate` may be told. */
export interface SimulateOptions {
  /** Where chance begins. Default: another one at each call; it is printed when the body fails. */
  readonly seed?: number
  /**
   * `random`: any of those that are ready goes on, and any of the timers that are due at one time
   * fires. `fifo`: the oldest. Default `random`.
   */
  readonly schedule?: 'random' | 'fifo'
  /** How often the body runs, each time with the next seed. Default 1. */
  readonly runs?: number
  /**
   * Plays one run again: what a failed one has printed. The environment variable `ATONCE_REPLAY`
   * does the same. Default: none.
   */
  readonly replay?: string | undefined
  /** Is told how to play a failed run again. Default: to standard error. */
  readonly report?: (text: string) => void
}

const simulateOptionNames = optionNames<SimulateOptions>({
  seed: true,
  schedule: true,
  runs: true,
  replay: true,
  report: true,
})

/** The simulated world, as its body sees it. */
export interface Simulation {
  readonly seed: number
  /** Milliseconds since the body began. */
  now(): number
  /** A number in [0, 1), from the seed. */
  random(): number
  /** How many timers wait. */
  readonly timers: number
}

/**
 * Runs `body`, and all that it starts with atonce, on a virtual clock that jumps to the next timer
 * whenever nothing is ready.
 *
 * What it can't see is what does not go through atonce: the platform's own timers, files, the
 * network. Give the body stand-ins for them.
 *
 * @returns what the last run of `body` returned
 * @throws what `body` throws, after the way to replay it was reported
 * @throws DeadlockError when the body waits and nothing could end the wait: it says who waits for
 *   what
 * @throws OptionError
 * @example
 *     test('the second attempt succeeds', () => simulate(async () => { … }, { runs: 100 }))
 */
export async function simulate<T>(
  body: (simulation: Simulation) => T | PromiseLike<T>,
  options: SimulateOptions = {},
): Promise<T> {
  options = checkOptions('simulate(body, …)', options, simulateOptionNames)
  const { runs, schedule, firstSeed } = planned(options)
  for (let run = 1; ; run += 1) {
    const seed = (firstSeed + run - 1) >>> 0
    const virtual = new VirtualRuntime({ seed, schedule })
    try {
      const value = await virtual.until(withRuntime(virtual, async () => body(simulationOf(virtual, seed))))
      if (run === runs) return value
    } catch (error) {
      const replay = `v1:${schedule}:${seed.toString(36)}`
      const report = options.report ?? (text => void process.stderr.write(`${text}\n`))
      report(
        `Run ${run} of ${runs} failed, with seed ${seed}. Play it again: simulate(body, { replay: '${replay}' }), or ATONCE_REPLAY=${replay}.`,
      )
      throw error
    }
  }
}

function planned({
  seed,
  schedule = 'random',
  runs = 1,
  replay = process.env['ATONCE_REPLAY'],
}: SimulateOptions): {
  runs: number
  schedule: 'random' | 'fifo'
  firstSeed: number
} {
  checkWhole('simulate(body, { runs })', runs, 1)
  if (seed !== undefined && !Number.isInteger(seed))
    throw new OptionError(`simulate(body, { seed }) takes a whole number; it got ${seed}.`)
  if (schedule !== 'random' && schedule !== 'fifo')
    throw new OptionError(`simulate(body, { schedule }) takes 'random' or 'fifo'; it got ${schedule}.`)
  if (replay) {
    const [, played, digits] = /^v1:(random|fifo):([0-9a-z]+)$/.exec(replay) ?? []
    if (digits === undefined)
      throw new OptionError(
        `simulate(body, { replay }) takes what a failed run printed, as 'v1:random:3nb'; it got '${replay}'.`,
      )
    return { runs: 1, schedule: played as 'random' | 'fifo', firstSeed: Number.parseInt(digits, 36) }
  }
  return { runs, schedule, firstSeed: seed ?? Math.floor(realRuntime.random() * 2 ** 32) }
}

function simulationOf(virtual: VirtualRuntime, seed: number): Simulation {
  return {
    seed,
    now: () => virtual.now(),
    random: virtual.random,
    get timers() {
      return virtual.timers
    },
  }
}
