import type { LoopCase } from '../case.ts'
import { sumBelow } from '../loop-work.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

const items = 100_000
const capacity = 1_000

/** A producer and a consumer on one event loop. */
export const channel: LoopCase = {
  name: 'channel',
  title:
    'numbers through a bounded queue of 1,000 on one event loop, from a sender that awaits each send to one receiver',
  unit: 'items/s',
  better: 'higher',
  cpuPer: 'item',
  rounds: 4,
  asks: 'pass',
  async measure({ pass }, windowMs) {
    const { medianMs, ...load } = await repeat(
      async () => expect(await pass?.(items, capacity), sumBelow(items), 'sum of what was received'),
      { windowMs, countPerBody: items, warmUpMs: warmUpWindows * windowMs },
    )
    return { value: items / (medianMs / 1_000), ...load }
  },
}
