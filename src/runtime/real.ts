/**
 * The real clock, timers and randomness, as they were when this module was loaded: a task or a test
 * runner that replaces the global ones must not stop a worker from answering, or a time limit from
 * passing.
 */
import type { Runtime, Timer } from './seam.ts'

const { clearTimeout, Promise: PlatformPromise, queueMicrotask, setImmediate, setTimeout } = globalThis
const { random } = Math
// Not `performance`: whoever asks for it first loads its whole module, a millisecond of each
// worker's start.
const { hrtime } = process

/**
 * The longest delay that the platform's timer takes; a longer one would fire at once (Node
 * documents 2³¹ − 1).
 */
const longestDelayMs = 2 ** 31 - 1

export const realRuntime: Runtime = {
  now() {
    const [seconds, nanoseconds] = hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  },
  random: () => random(),
  soon: run => queueMicrotask(run),
  resume: (_who, _reason, step) => step(),
  yieldToLoop: () => new PlatformPromise(resolve => setImmediate(resolve)),
  setTimer: (delayMs, fire) =>
    delayMs <= longestDelayMs ? shortTimer(delayMs, fire) : chainedTimer(delayMs, fire),
}

function shortTimer(delayMs: number, fire: () => void): Timer {
  const timeout = setTimeout(fire, delayMs)
  return {
    cancel: () => clearTimeout(timeout),
    unref: () => void timeout.unref(),
    ref: () => void timeout.ref(),
  }
}

/**
 * A delay beyond the platform's longest is waited for in pieces. `Infinity` never fires, but keeps
 * its meaning.
 */
function chainedTimer(delayMs: number, fire: () => void): Timer {
  let kept = true
  let piece: Timer
  const wait = (leftMs: number) => {
    piece =
      leftMs <= longestDelayMs
        ? shortTimer(leftMs, fire)
        : shortTimer(longestDelayMs, () => wait(leftMs - longestDelayMs))
    if (!kept) piece.unref()
  }
  wait(delayMs)
  return {
    cancel: () => piece.cancel(),
    unref: () => {
      kept = false
      piece.unref()
    },
    ref: () => {
      kept = true
      piece.ref()
    },
  }
}
