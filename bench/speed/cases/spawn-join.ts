import type { LoopCase } from '../case.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

const groups = 200
const children = 100

/**
 * The price of structure: what it costs that somebody knows, cancels and waits for what was
 * started.
 */
export const spawnJoin: LoopCase = {
  name: 'spawn-join',
  title: 'starting and joining a function that does nothing, 100 at a time: what one of them costs',
  unit: 'ns',
  better: 'lower',
  cpuPer: 'child',
  rounds: 4,
  asks: 'join',
  async measure({ join }, windowMs) {
    const { medianMs, ...load } = await repeat(
      async () => {
        let ended = 0
        const child = async () => {
          ended += 1
        }
        for (let done = 0; done < groups; done += 1) await join?.(child, children)
        expect(ended, groups * children, 'calls ended')
      },
      { windowMs, countPerBody: groups * children, warmUpMs: warmUpWindows * windowMs },
    )
    return { value: (medianMs * 1e6) / (groups * children), ...load }
  },
}
