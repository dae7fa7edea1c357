import type { LoopCase } from '../case.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

const calls = 100_000
const concurrency = 10

/** What a program does that must not ask a host for everything at once. */
export const limiter: LoopCase = {
  name: 'limiter',
  title: '100,000 calls of a function that does nothing at once, ten of them at a time',
  unit: 'calls/s',
  better: 'higher',
  cpuPer: 'call',
  rounds: 4,
  asks: 'limit',
  async measure({ limit }, windowMs) {
    const { medianMs, ...load } = await repeat(
      async () => {
        let made = 0
        await limit?.(
          async () => {
            made += 1
          },
          calls,
          concurrency,
        )
        expect(made, calls, 'calls made')
      },
      { windowMs, countPerBody: calls, warmUpMs: warmUpWindows * windowMs },
    )
    return { value: calls / (medianMs / 1_000), ...load }
  },
}
