/**
 * What this machine charges for concurrency: six figures, taken once (calibrate.ts), kept in the
 * user's cache folder, and read from there. A machine that nobody has calibrated gets the figures
 * of a common one, with wider intervals.
 */
import { machine } from '../pool/machine.ts'
import { version } from '../runtime/copies.ts'

const fs = process.getBuiltinModule('node:fs')
const os = process.getBuiltinModule('node:os')
const { join } = process.getBuiltinModule('node:path')

/** Figures of another form are taken anew. */
export const calibrationSchema = 'atonce.calibration/2'

/**
 * Times in ms. Costs of the caller's thread and of the worker are told together: that of one call,
 * there and back.
 */
export interface Calibration {
  readonly schema: typeof calibrationSchema
  /** What the figures hold for: processor, cores, quota, Node, atonce. */
  readonly key: string
  /** Whether they were measured here. */
  readonly measured: boolean
  /** Cores that others kept busy while they were taken. */
  readonly foreignCores: number
  readonly threads: WorkerFigures
  readonly processes: WorkerFigures
  /** One call on this event loop. */
  readonly loopCallMs: number
  /** A fixed piece of computing (drift.ts): by it is seen whether the machine is still the same. */
  readonly referenceMs: number
  /** A buffer of one MiB on its way to a thread that moves, and one that is shared. */
  readonly moveMs: number
  readonly shareMs: number
  /**
   * How many times as much so many workers compute as one: the first for one worker, then two, …
   */
  readonly speedUp: readonly number[]
}

/** What workers of one model cost on this machine. */
export interface WorkerFigures {
  readonly startMs: number
  /** From the first to the last of as many as there are cores, all started at once. */
  readonly startTogetherMs: number
  /** A call that nothing else travels with, from `run` to its result. */
  readonly roundTripMs: number
  /** One of many calls that travel together. */
  readonly callMs: number
  /** One MiB of a buffer there and back. */
  readonly copyMsPerMiB: number
  /** Memory of an idle worker. */
  readonly idleBytes: number
}

/** What the figures hold for. */
export function calibrationKey(): string {
  const { cores, quotaCores } = machine()
  const cpu = os.cpus()[0]?.model.trim() ?? process.arch
  return [cpu, `${cores} cores`, `quota ${quotaCores ?? 'none'}`, process.version, `atonce ${version}`].join(
    ' · ',
  )
}

/**
 * Figures of a common machine (November 2026, 2-core virtual Xeon, Node 24), for where nothing was
 * measured.
 */
export function assumedCalibration(): Calibration {
  const { cores } = machine()
  return {
    schema: calibrationSchema,
    key: calibrationKey(),
    measured: false,
    foreignCores: 0,
    threads: {
      startMs: 60,
      startTogetherMs: 100,
      roundTripMs: 0.05,
      callMs: 0.002,
      copyMsPerMiB: 1.3,
      idleBytes: 12e6,
    },
    processes: {
      startMs: 100,
      startTogetherMs: 170,
      roundTripMs: 0.15,
      callMs: 0.006,
      copyMsPerMiB: 3,
      idleBytes: 50e6,
    },
    loopCallMs: 0.001,
    referenceMs: 0,
    moveMs: 0.03,
    shareMs: 0.005,
    speedUp: Array.from({ length: cores }, (_, at) => (at === 0 ? 1 : 0.93 * (at + 1))),
  }
}

/**
 * Where it is kept: `$XDG_CACHE_HOME/atonce`, or `~/.cache/atonce`; `ATONCE_CALIBRATION` names
 * another file.
 */
export function calibrationPath(): string {
  const named = process.env['ATONCE_CALIBRATION']
  if (named !== undefined && named !== '') return named
  const cache = process.env['XDG_CACHE_HOME'] || join(os.homedir(), '.cache')
  return join(cache, 'atonce', `calibration-${hashOf(calibrationKey())}.json`)
}

/** What was read, and in words why it is not what was measured here, if it is not. */
export interface LoadedCalibration {
  readonly calibration: Calibration
  readonly complaint: string | undefined
}

/**
 * Reads the kept figures. A file that is broken, or of another machine, is not used: `complaint`
 * says so in a line.
 */
export function loadCalibration(path: string = calibrationPath()): LoadedCalibration {
  const assumed = (complaint: string | undefined) => ({ calibration: assumedCalibration(), complaint })
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return assumed(
      missing ? undefined : `${path} can't be read (${(error as Error).message}); the figures are assumed.`,
    )
  }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return assumed(`${path} is not JSON; the figures are assumed. Take them anew: npx atonce calibrate`)
  }
  if (!isCalibration(found))
    return assumed(
      `${path} is not a calibration of atonce; the figures are assumed. Take them anew: npx atonce calibrate`,
    )
  if (found.key !== calibrationKey())
    return assumed(
      `${path} is of another machine or Node (${found.key}); the figures are assumed. Take them anew: npx atonce calibrate`,
    )
  const impossible = impossibleFigure(found)
  if (impossible !== undefined)
    return assumed(
      `${path} has a figure that can't be (${impossible}); the figures are assumed. Take them anew: npx atonce calibrate`,
    )
  return { calibration: found, complaint: undefined }
}

/** Keeps the figures: written beside the place and renamed, so that nobody reads half of them. */
export function saveCalibration(calibration: Calibration, path: string = calibrationPath()): void {
  fs.mkdirSync(join(path, '..'), { recursive: true })
  const part = `${path}.${process.pid}`
  fs.writeFileSync(part, `${JSON.stringify(calibration, null, 2)}\n`)
  fs.renameSync(part, path)
}

/** From the start of so many workers until all can work. */
export function startMsOf(
  { startMs, startTogetherMs }: WorkerFigures,
  workers: number,
  cores: number,
): number {
  if (workers > cores) return (startTogetherMs * workers) / cores
  const more = cores === 1 ? 0 : (workers - 1) / (cores - 1)
  return startMs + Math.max(0, startTogetherMs - startMs) * more
}

/** How many times as much so many workers compute as one; none has more cores than there are. */
export function speedUpOf({ speedUp }: Calibration, workers: number): number {
  const at = Math.max(1, Math.min(workers, speedUp.length))
  return speedUp[at - 1] ?? 1
}

function isCalibration(value: unknown): value is Calibration {
  if (typeof value !== 'object' || value === null) return false
  const { schema, key, threads, processes, loopCallMs, referenceMs, moveMs, shareMs, speedUp, foreignCores } =
    value as Partial<Record<keyof Calibration, unknown>>
  return (
    schema === calibrationSchema &&
    typeof key === 'string' &&
    areFigures(threads) &&
    areFigures(processes) &&
    [loopCallMs, referenceMs, moveMs, shareMs, foreignCores].every(isFigure) &&
    Array.isArray(speedUp) &&
    speedUp.length > 0 &&
    speedUp.every(isFigure)
  )
}

const figureNames = [
  'startMs',
  'startTogetherMs',
  'roundTripMs',
  'callMs',
  'copyMsPerMiB',
  'idleBytes',
] as const

function areFigures(value: unknown): value is WorkerFigures {
  if (typeof value !== 'object' || value === null) return false
  return figureNames.every(name => isFigure((value as Partial<WorkerFigures>)[name]))
}

/** No measurement of ours takes longer. */
const longestMs = 3_600_000

/** The first figure that no machine has, with its name; undefined if all may be true. */
function impossibleFigure(calibration: Calibration): string | undefined {
  const { threads, processes, loopCallMs, referenceMs, moveMs, shareMs, speedUp, foreignCores } = calibration
  const of = (name: string, { idleBytes, copyMsPerMiB, ...times }: WorkerFigures): Bounded[] => [
    ...Object.entries(times).map(([key, ms]): Bounded => [`${name}.${key}`, ms, leastMs, longestMs]),
    // Differences of two measurements: noise may leave nothing of them.
    [`${name}.copyMsPerMiB`, copyMsPerMiB, 0, longestMs],
    [`${name}.idleBytes`, idleBytes, 0, os.totalmem()],
  ]
  const figures: Bounded[] = [
    ...of('threads', threads),
    ...of('processes', processes),
    ['loopCallMs', loopCallMs, leastMs, longestMs],
    ['referenceMs', referenceMs, 0, longestMs],
    ['moveMs', moveMs, leastMs, longestMs],
    ['shareMs', shareMs, leastMs, longestMs],
    // Counted in ticks, so that it may be somewhat more than there are.
    ['foreignCores', foreignCores, 0, 2 * os.cpus().length],
    // Disturbed runs may look faster than so many cores can be; not many times as fast.
    ...speedUp.map((times, at): Bounded => [`speedUp[${at}]`, times, leastSpeedUp, 10 * (at + 1)]),
  ]
  const [name, figure] = figures.find(([, one, least, most]) => one < least || one > most) ?? []
  return name === undefined ? undefined : `${name}: ${figure}`
}

type Bounded = readonly [name: string, figure: number, least: number, most: number]

/** Nothing that we time is over within a picosecond. */
const leastMs = 1e-9
/** Several workers that compute less than a tenth of one would be no machine to measure on. */
const leastSpeedUp = 0.1

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** FNV-1a (Fowler, Noll, Vo, 1991): a short name for a key. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
