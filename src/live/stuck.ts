/**
 * `ATONCE_DEBUG=1`: says who waits for what when nothing could wake them any more, as Go says that all goroutines are asleep.
 *
 *     the loop runs dry (beforeExit) while somebody waits   ─▶ told; the program then ends as Node has it
 *     for five seconds nobody's wait began or ended, no timer is set and no call runs,
 *         but something keeps the program alive (a server)  ─▶ told once, until something moves
 */
import { everyoneParked } from '../runtime/park.ts'
import { realRuntime } from '../runtime/real.ts'
import { treeLines } from './print.ts'
import type { LiveTree } from './tree.ts'

const idleMs = 5_000

/** From now on, for as long as the program runs; what watches keeps nothing alive. */
export function warnWhenStuck(liveTree: () => LiveTree): void {
  process.on('beforeExit', () => {
    if (everyoneParked(realRuntime).length > 0)
      tell('The program ends, but these wait, and nothing can wake them:', liveTree())
  })
  let before: readonly unknown[] = []
  let told = false
  const watch = () => {
    const waits = everyoneParked(realRuntime)
    const same = waits.length === before.length && waits.every((wait, index) => wait === before[index])
    before = waits
    if (!same) told = false
    else if (!told && waits.length > 0 && !somethingMayWake(liveTree)) {
      told = true
      tell(`For ${idleMs / 1_000} s nothing has happened, no timer is set, and these wait:`, liveTree())
    }
    realRuntime.setTimer(idleMs, watch).unref()
  }
  realRuntime.setTimer(idleMs, watch).unref()
}

/** A timer that is set, or a call that runs somewhere. */
function somethingMayWake(liveTree: () => LiveTree): boolean {
  return (
    process.getActiveResourcesInfo().some(name => name === 'Timeout' || name === 'Immediate') ||
    liveTree().executors.some(({ inside }) =>
      inside.some(({ state }) => state === 'busy' || state === 'starting'),
    )
  )
}

function tell(headline: string, tree: LiveTree): void {
  const { isMainThread, threadId } = process.getBuiltinModule('node:worker_threads')
  const where = `pid ${process.pid}${isMainThread ? '' : `, thread ${threadId}`}`
  const lines = [`atonce (${where}): ${headline}`, ...treeLines(tree).map(line => `  ${line}`)]
  process.stderr.write(`${lines.join('\n')}\n`)
}
