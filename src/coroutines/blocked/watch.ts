/**
 * Who keeps the event loop busy: a report of the line, and of the task or child that can have been
 * there.
 *
 *     this thread                                    the watch, a thread of its own
 *     a timer counts up a word, a few times a bound ─▶ sees that it has not moved for the bound
 *     stands still for a moment ◀─────────────────── asks by the inspector: who runs, and where
 *     report ◀────────────────────────────────────── what it saw; the loop hears it when it turns again
 *
 * Nothing is measured in the code that runs, so nothing is slower while the loop turns. The
 * inspector is opened between the two threads only, for that one question; no port is opened.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { bare, checkFunction, checkOptions, checkTimeout, optionNames } from '../../checks.ts'
import { liveTree } from '../../live/register.ts'
import type { LiveNode } from '../../live/tree.ts'
import { add } from '../../runtime/atomics.ts'
import { realRuntime } from '../../runtime/real.ts'
import type { Timer } from '../../runtime/seam.ts'
import { tell } from '../../task/listeners.ts'
import { publishLoopBlocked } from '../../trace.ts'
import { watchText } from './watch-text.ts'

/** A stretch in which the event loop did not turn. */
export interface LoopBlocked {
  /** How long it had lasted when it was looked at, in milliseconds. */
  readonly blockedMs: number
  /**
   * The tasks and children of scopes that ran and did not wait, at most five: it is one of them,
   * mostly the only one.
   */
  readonly who: readonly string[]
  /** Where it was, innermost first: `parse (file:///work/load.ts:9:57)`. */
  readonly stack: readonly string[]
}

/** What `watchLoop` may be told. */
export interface WatchLoopOptions {
  /** A stretch without a turn that is longer is reported, once. Default 200 ms. */
  readonly longerThanMs?: number | undefined
  /**
   * Is told when the loop turns again. Default: a warning of the process, with code
   * `ATONCE_LOOP_BLOCKED`.
   */
  readonly report?: ((blocked: LoopBlocked) => void) | undefined
}

const watchLoopOptionNames = optionNames<WatchLoopOptions>({ longerThanMs: true, report: true })

/** How often the loop says that it turns, within one bound. */
const beatsPerBound = 4

/** A text: where Node's own code stands still, its scope has no `Symbol`. */
const whoKey = 'atonce.loop.who'

/**
 * Reports whoever blocks this thread's event loop for longer than a bound. Costs a thread (some 5
 * MiB) and a timer; what runs is not slower. It does not keep the program alive. For the main
 * thread.
 *
 * @returns what ends the watch: `.dispose()`, or `using`
 * @throws OptionError
 * @example
 *     watchLoop({ longerThanMs: 100 })
 */
export function watchLoop(options: WatchLoopOptions = {}): Disposable & { dispose(): void } {
  options = checkOptions('watchLoop(…)', options, watchLoopOptionNames)
  const { longerThanMs = 200, report = warn } = options
  checkTimeout('watchLoop({ longerThanMs })', longerThanMs)
  checkFunction('watchLoop({ report })', report, 'blocked => console.error(blocked)')
  const words = new Int32Array(new SharedArrayBuffer(4))
  Object.defineProperty(globalThis, whoKey, { value: whoRuns, configurable: true })
  const watch = new Worker(
    watchText,
    bare<WorkerOptions>({
      eval: true,
      execArgv: [],
      env: bare({}),
      workerData: { words, longerThanMs, lookEveryMs: longerThanMs / beatsPerBound },
      resourceLimits: bare({ maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 }),
    }),
  )
  watch.unref()
  let timer: Timer
  const beat = () => {
    add(words, 0, 1) // Pairs with the load in watch-text.ts.
    timer = realRuntime.setTimer(longerThanMs / beatsPerBound, beat)
    timer.unref()
  }
  beat()
  watch.on('message', (blocked: LoopBlocked) => {
    publishLoopBlocked(blocked)
    tell('report', report, blocked)
  })
  // Without it the program goes on as it would without a watch.
  watch.on('error', error => process.emitWarning(`The watch of the event loop has ended: ${error.message}`))
  const dispose = () => {
    timer.cancel()
    void watch.terminate()
  }
  return { dispose, [Symbol.dispose]: dispose }
}

/**
 * Called by the inspector while this thread stands still: the tasks and children that run and do
 * not wait. The asynchronous context of the code that stands still can't be seen from there.
 */
function whoRuns(): string {
  const { scopes, executors, calls } = liveTree()
  const names: string[] = []
  const look = ({ kind, name, state, waitsFor, inside }: LiveNode) => {
    const runs = (kind === 'child' || kind === 'call') && !/^(queued|next|waiting)/.test(state)
    if (runs && waitsFor.length === 0 && inside.length === 0) names.push(name)
    for (const node of inside) look(node)
  }
  for (const node of [...scopes, ...executors, ...calls]) look(node)
  return JSON.stringify(names.slice(0, mostNames))
}

const mostNames = 5

function warn({ blockedMs, who, stack }: LoopBlocked): void {
  const ran = who.length === 0 ? '' : `, in ${who.join(' or ')}`
  process.emitWarning(
    `The event loop has not turned for ${Math.round(blockedMs)} ms: it is at ${stack[0] ?? 'an unknown place'}${ran}. ` +
      'Run that on threads(), or let the loop have a turn in between.',
    { type: 'AtonceWarning', code: 'ATONCE_LOOP_BLOCKED' },
  )
}
