/**
 * `choose`: which model a function needs, and why.
 *
 *     samples ─▶ trial ─▶ profile ─▶ a prediction for each way ─▶ the simplest near the best ─▶ pilot, if undecided ─▶ Choice
 */
import { checkCount, checkFlag, checkMs, checkOptions, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Input } from '../executor/executor.ts'
import { takesItems } from '../executor/map/packed.ts'
import type { Estimate } from '../measure/estimate.ts'
import { quietCores } from '../measure/machine-load.ts'
import { foreignCoresNow } from '../measure/quiet.ts'
import { machine } from '../pool/machine.ts'
import { type AnyFunction, assertTask, nameOf, type Task } from '../task/task.ts'
import { loadCalibration } from './calibration.ts'
import { type Confidence, type Decided, decideAmong } from './decide.ts'
import { recheck } from './drift.ts'
import { pilot } from './pilot.ts'
import { type Circumstances, type Prediction, predict, type Way } from './predict.ts'
import type { Profile } from './profile.ts'
import { runTrial } from './trial.ts'
import { Tries } from './tries.ts'
import { cautionsFor, reasonsFor, sentenceOf, trendCautions } from './words.ts'

/** What `choose` may be told. */
export interface ChooseOptions<F extends AnyFunction> {
  /**
   * Inputs to try, from all over them; each is run once, unless `repeatable`. Their results are
   * thrown away. Default: some of `inputs`.
   */
  readonly sample?: readonly Input<F>[]
  /**
   * All the inputs: some of them are tried, and their number is the number to choose for. Default:
   * none; one of the two is needed.
   */
  readonly inputs?: readonly Input<F>[]
  /** How many items there will be. Default: as many as `inputs`, or as `sample`. */
  readonly count?: number
  /**
   * The function may run more than once on the same input. Default: what its task says
   * (`idempotent`).
   */
  readonly repeatable?: boolean
  /** Workers there may be. Default: the machine's cores within the container's quota. */
  readonly workers?: number
  /** The most calls at a time that whoever is asked allows. Default: none. */
  readonly maxConcurrency?: number
  /**
   * This thread serves others: prefer a way that leaves it free, even if it is a little slower.
   * Default false.
   */
  readonly keepLoopFree?: boolean
  /** The workers run already, so that no start is paid. Default false. */
  readonly warm?: boolean
  /**
   * When two ways are too near to tell: run some items on both. Needs `repeatable`. Default true.
   */
  readonly pilot?: boolean
  /** How long one call may take in the trial. Default 10,000 ms. */
  readonly timeoutMs?: number
}

/** What `choose` found. */
export interface Choice {
  readonly task: string
  readonly way: Way
  readonly workers: number
  /** Calls at a time: on this event loop, or on each worker. */
  readonly concurrency: number
  /** Items in one message; what `map` takes by itself. */
  readonly chunk: number
  readonly crossing: 'as they are' | 'copied' | 'moved' | 'shared'
  /** The predicted time of all items. */
  readonly ms: Estimate
  /** The plain loop's time ÷ this one. */
  readonly speedUp: number
  readonly confidence: Confidence
  /**
   * In how many of 100 draws of the figures it is within reach of the best; 94 at most where
   * something forbids to call it sure, as cautions tell.
   */
  readonly percent: number
  readonly sentence: string
  readonly reasons: readonly string[]
  readonly cautions: readonly string[]
  /** Every way that was thought of, the forbidden ones with why. */
  readonly predictions: readonly Omit<Prediction, 'draws'>[]
  readonly profile: Profile
  /** Whether some items were run on two ways to tell them apart. */
  readonly piloted: boolean
  readonly items: number
}

const names = optionNames<ChooseOptions<any>>({
  sample: true,
  inputs: true,
  count: true,
  repeatable: true,
  workers: true,
  maxConcurrency: true,
  keepLoopFree: true,
  warm: true,
  pilot: true,
  timeoutMs: true,
})

/**
 * Tries the function on some inputs and says which model to use for all of them, how long each
 * would take, and why.
 *
 * The trial runs here, on this thread: about 0.05 to 0.3 s, or as long as one item takes. Each
 * input is run once at most, and only because it was given for this; `repeatable` lets it run some
 * again, which makes the answer surer. Nothing else is started unless a pilot is.
 *
 * @throws OptionError if there is nothing to try
 * @throws InvalidTaskError
 * @throws TrialError (rejects) if the function throws on an input, or does not end within
 *   `timeoutMs`
 * @example
 * const { way, sentence, reasons } = await choose(resize, { sample: images.slice(0, 24), count:
 * images.length }) console.log(sentence)
 */
export async function choose<F extends AnyFunction>(
  task: Task<F>,
  options: ChooseOptions<F>,
): Promise<Choice> {
  assertTask(task)
  const checked = check(task, options)
  const loaded = loadCalibration()
  const foreignCores = await foreignCoresNow()
  // While others are busy the reference says more of them than of the machine.
  const rechecked = foreignCores > quietCores ? loaded : recheck(loaded.calibration)
  const { calibration } = rechecked
  const complaint = loaded.complaint ?? rechecked.complaint
  const tries = new Tries(task, checked.tries, checked)
  const profile = await runTrial(tries, { maxConcurrency: checked.maxConcurrency, foreignCores })
  if (profile === undefined) throw new OptionError(nothingToTry)
  const { cores, workers } = machine()
  const circumstances: Circumstances = {
    items: checked.count,
    workers: checked.workers ?? workers,
    cores,
    calibration,
    warm: checked.warm,
    maxConcurrency: checked.maxConcurrency,
    vetoes: memoryVetoes(
      profile,
      checked.workers ?? workers,
      calibration.threads.idleBytes,
      calibration.processes.idleBytes,
    ),
  }
  let predictions = predict(profile, circumstances)
  let decided = decideAmong(predictions, profile, checked)
  let piloted = false
  if (decided.confidence === 'undecided' && checked.pilot && checked.repeatable) {
    predictions = await pilot(task, tries.all, predictions, decided.finalists, checked.count)
    decided = decideAmong(predictions, profile, checked)
    piloted = true
  }
  return choiceOf(task, decided, predictions, profile, {
    piloted,
    calibrated: calibration.measured,
    complaint,
    items: checked.count,
    cores,
    // What is tried stands for all there is only where all were given.
    trend: checked.count > checked.tries.length ? tries.trend : undefined,
  })
}

function choiceOf(
  task: Task,
  decided: Decided,
  predictions: readonly Prediction[],
  profile: Profile,
  {
    piloted,
    calibrated,
    complaint,
    items,
    cores,
    trend,
  }: {
    piloted: boolean
    calibrated: boolean
    complaint: string | undefined
    items: number
    cores: number
    trend: number | undefined
  },
): Choice {
  const { chosen, confidence, percent } = decided
  const loop = predictions.find(({ way }) => way === 'plain loop') as Prediction
  return {
    task: nameOf(task),
    way: chosen.way,
    workers: chosen.workers,
    concurrency: chosen.concurrency,
    chunk: chosen.chunk,
    crossing: crossings[chosen.way],
    ms: chosen.ms,
    speedUp: loop.ms.median / chosen.ms.median,
    confidence,
    percent,
    sentence: sentenceOf(decided, predictions),
    reasons: reasonsFor(decided, predictions, profile, cores),
    cautions: [
      ...(complaint === undefined ? [] : [complaint]),
      ...cautionsFor(decided, profile, calibrated || complaint !== undefined),
      ...trendCautions(trend),
    ],
    predictions: predictions.map(({ draws: _, ...prediction }) => prediction),
    profile,
    piloted,
    items,
  }
}

const crossings: Readonly<Record<Way, Choice['crossing']>> = {
  'plain loop': 'as they are',
  coroutines: 'as they are',
  threads: 'copied',
  'threads, moving': 'moved',
  'threads, sharing': 'shared',
  'threads × coroutines': 'copied',
  processes: 'copied',
}

/** Workers that would take more than this part of the free memory are forbidden. */
const mostOfFree = 0.6

function memoryVetoes(
  { crossing }: Profile,
  workers: number,
  threadBytes: number,
  processBytes: number,
): Circumstances['vetoes'] {
  const free = process.availableMemory?.() ?? Number.POSITIVE_INFINITY
  const inFlight = 4 * crossing.bytes * workers
  const tooMuch = (each: number) => workers * each + inFlight > mostOfFree * free
  const why = (what: string) =>
    `${workers} ${what} and what they work on would take more than 60 % of the free memory.`
  return {
    ...(tooMuch(threadBytes)
      ? { threads: why('threads'), 'threads, moving': why('threads'), 'threads × coroutines': why('threads') }
      : {}),
    ...(tooMuch(processBytes) ? { processes: why('processes') } : {}),
  }
}

interface Checked {
  readonly tries: readonly unknown[]
  readonly count: number
  readonly repeatable: boolean
  readonly workers: number | undefined
  readonly maxConcurrency: number | undefined
  readonly keepLoopFree: boolean
  readonly warm: boolean
  readonly pilot: boolean
  readonly timeoutMs: number
}

const nothingToTry =
  'choose(task, …) needs inputs to try: { sample: [ … ], count: 2_000 } or { inputs: all }. It runs each of them once at most.'

function check<F extends AnyFunction>(task: Task<F>, given: ChooseOptions<F>): Checked {
  const options = checkOptions('choose(task, …)', given, names)
  const { sample, inputs, workers, maxConcurrency, timeoutMs = 10_000 } = options
  const { keepLoopFree = false, warm = false, pilot: mayPilot = true, repeatable = task.idempotent } = options
  const tries = sample ?? inputs
  if (!Array.isArray(tries) || tries.length === 0) throw new OptionError(nothingToTry)
  const count = options.count ?? inputs?.length ?? tries.length
  checkCount('choose(…, { count })', count)
  if (count === Number.POSITIVE_INFINITY)
    throw new OptionError('choose(…, { count }) takes how many inputs there will be; it got Infinity.')
  if (workers !== undefined) checkCount('choose(…, { workers })', workers)
  if (maxConcurrency !== undefined) checkCount('choose(…, { maxConcurrency })', maxConcurrency)
  checkMs('choose(…, { timeoutMs })', timeoutMs)
  for (const [name, flag] of Object.entries({ keepLoopFree, warm, pilot: mayPilot, repeatable }))
    checkFlag(`choose(…, { ${name} })`, flag)
  if (!takesItems(task)) {
    const at = tries.findIndex(input => !Array.isArray(input))
    if (at !== -1)
      throw new OptionError(
        `choose(${nameOf(task)}, …) takes a list of arguments for each call, as [[1, 2], [3, 4]]; input ${at + 1} is not one.`,
      )
  }
  return {
    tries,
    count,
    repeatable,
    workers,
    maxConcurrency,
    keepLoopFree,
    warm,
    pilot: mayPilot,
    timeoutMs,
  }
}
