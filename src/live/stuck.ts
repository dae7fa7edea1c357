/**
 * `ATONCE_DEBUG=1`: says who waits for what when nothing could wake them any more, as Go says that
 * all goroutines are asleep.
 *
 *     the loop runs dry (beforeExit) while somebody waits   ─▶ told; the program then ends as Node has it
 *     for five seconds nobody's wait began or ended, no timer is set and no call runs,
 *         but something keeps the program alive (a server)  ─▶ told once, until something moves
 */
import { everyoneParked } from '../runtime/park.ts'
import { realRuntime } from '../runtime/real.ts'
import type { Runtime } from '../runtime/seam.ts'
import { treeLines } from './print.ts'
import type { LiveTree } from './tree.ts'

const idleMs = 5_000

/** What the watch stands on; a test has its own. */
export interface StuckWatch {
  readonly runtime: Runtime
  readonly liveTree: () => LiveTree
  /** What keeps the program alive, by Node's names. */
  readonly handles: () => readonly string[]
  readonly write: (text: string) => void
}

/** From now on, for as long as the program runs; what watches keeps nothing alive. */
export function warnWhenStuck(liveTree: () => LiveTree): void {
  const watch: StuckWatch = {
    runtime: realRuntime,
    liveTree,
    handles: () => process.getActiveResourcesInfo(),
    write: text => void process.stderr.write(text),
  }
  process.on('beforeExit', () => warnAtEnd(watch))
  watchIdle(watch)
}

/** The event loop has run dry. */
export function warnAtEnd(watch: StuckWatch): void {
  if (everyoneParked(watch.runtime).length > 0)
    tell('The program ends, but these wait, and nothing can wake them:', watch)
}

/** Looks every five seconds. */
export function watchIdle(watch: StuckWatch): void {
  let before: readonly unknown[] = []
  let told = false
  const look = () => {
    const waits = everyoneParked(watch.runtime)
    const same = waits.length === before.length && waits.every((wait, index) => wait === before[index])
    before = waits
    if (!same) told = false
    else if (!told && waits.length > 0 && !somethingMayWake(watch)) {
      told = true
      tell(`For ${idleMs / 1_000} s nothing has happened, no timer is set, and these wait:`, watch)
    }
    watch.runtime.setTimer(idleMs, look).unref()
  }
  watch.runtime.setTimer(idleMs, look).unref()
}

/**
 * A timer that is set, a call that runs somewhere, or, in a worker, what another thread may send.
 */
function somethingMayWake({ handles, liveTree }: StuckWatch): boolean {
  const { executors, calls } = liveTree()
  return (
    handles().some(name => name === 'Timeout' || name === 'Immediate') ||
    calls.some(({ wokenFromOutside }) => wokenFromOutside) ||
    executors.some(({ inside }) => inside.some(({ state }) => state === 'busy' || state === 'starting'))
  )
}

function tell(headline: string, { liveTree, write }: StuckWatch): void {
  const { isMainThread, threadId } = process.getBuiltinModule('node:worker_threads')
  const where = `pid ${process.pid}${isMainThread ? '' : `, thread ${threadId}`}`
  const lines = [`atonce (${where}): ${headline}`, ...treeLines(liveTree()).map(line => `  ${line}`)]
  write(`${lines.join('\n')}\n`)
}
