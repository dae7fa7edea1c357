/**
 * What the workers' time went to: how long they ran calls, and what the rest was lost to. From the
 * totals of all calls, kept or not; the parts add up to workers × time.
 */
import type { Recording, WorkerRecord } from './recorder.ts'

export interface Lost {
  readonly reason: string
  readonly ms: number
  /** Of workers × time. */
  readonly share: number
  /** What to do about it. */
  readonly remedy: string
}

export interface WorkerTime {
  /** Workers × time. */
  readonly totalMs: number
  readonly runMs: number
  /** The largest first; none that is under a thousandth. */
  readonly lost: readonly Lost[]
}

/** What is known of this thread meanwhile: `performance.eventLoopUtilization()`. */
export interface LoopUse {
  readonly idle: number
  readonly active: number
}

/**
 * `workers` as the executor has; `onLoop` if the calls ran on this event loop, which is one worker
 * however many calls wait on it.
 */
export function workerTime(
  recording: Recording,
  { workers, onLoop, loop }: { workers: number; onLoop: boolean; loop: LoopUse },
): WorkerTime {
  const wallMs = recording.endedMs - recording.beganMs
  const parts = onLoop ? { waiting: Math.min(loop.idle, wallMs) } : partsOf(recording, workers, wallMs)
  const totalMs = (onLoop ? 1 : workers) * wallMs
  const lost = Object.entries(parts)
    .map(([part, ms]) => ({ ...wordsFor(part as Part, loop), ms, share: ms / totalMs }))
    .filter(({ share }) => share >= 0.001)
    .sort((a, b) => b.ms - a.ms)
  const lostMs = Object.values(parts).reduce((sum, ms) => sum + ms, 0)
  return { totalMs, runMs: Math.max(0, totalMs - lostMs), lost }
}

type Part = 'starting' | 'handing' | 'between' | 'tail' | 'unused' | 'waiting'

function partsOf(
  { workers: all, beganMs, endedMs }: Recording,
  workers: number,
  wallMs: number,
): Partial<Record<Part, number>> {
  const known = all.filter(({ worker }) => worker !== undefined)
  const times = known.map(record => timesOf(record, beganMs, endedMs))
  const sum = (of: (time: (typeof times)[number]) => number) =>
    times.reduce((total, time) => total + of(time), 0)
  const absent = Math.max(0, workers * wallMs - sum(({ life }) => life))
  const isWhole = known.length >= workers
  return {
    starting: sum(({ starting }) => starting) + (isWhole ? absent : 0),
    handing: sum(({ handing }) => handing),
    between: sum(({ between }) => between),
    tail: sum(({ tail }) => tail),
    unused: isWhole ? 0 : absent,
  }
}

/** One worker's time, from the beginning (or the end of the one before it) to its own end. */
function timesOf(
  { readyMs, startMs, crash, busyMs, runMs, lastEndedMs }: WorkerRecord,
  beganMs: number,
  endedMs: number,
) {
  const untilMs = Math.max(crash?.atMs ?? endedMs, beganMs)
  const canWorkMs = Math.min(readyMs ?? beganMs, untilMs)
  const fromMs = Math.max(beganMs, canWorkMs - startMs)
  const workedUntilMs = Math.min(Math.max(lastEndedMs ?? canWorkMs, canWorkMs), untilMs)
  const busy = Math.min(busyMs, workedUntilMs - canWorkMs)
  return {
    life: untilMs - fromMs,
    starting: canWorkMs - fromMs,
    handing: Math.max(0, busy - runMs),
    between: workedUntilMs - canWorkMs - busy,
    tail: untilMs - workedUntilMs,
  }
}

function wordsFor(part: Part, { idle, active }: LoopUse): { reason: string; remedy: string } {
  const busy = Math.round((100 * active) / Math.max(idle + active, 1e-9))
  return {
    starting: {
      reason: 'the start of workers',
      remedy: 'keep one pool for all the work; minWorkers starts workers ahead',
    },
    handing: {
      reason: 'handing over: messages, copies, the import of the module',
      remedy: 'larger chunks for short calls; move() or shared memory for large values',
    },
    between: {
      reason: 'workers that waited for their next call',
      remedy:
        busy >= 70
          ? `this thread was ${busy} % busy: do less on it, or make the calls larger`
          : 'bring the inputs faster, or have calls wait less for each other',
    },
    tail: {
      reason: 'the tail: workers with nothing left while the last calls ran',
      remedy: 'put long inputs first, or cut them smaller',
    },
    unused: {
      reason: 'workers that never got a call',
      remedy: 'more inputs, smaller chunks, or fewer workers',
    },
    waiting: {
      reason: 'waiting: every call on this loop waited (network, files, timers)',
      remedy: 'more calls at a time: coroutines({ concurrency })',
    },
  }[part]
}
