/** A channel with one end on a worker: to it and from it; the slower way is the figure. */
import { median } from 'simple-statistics'
import { type InsideCase, NotOffered } from '../case.ts'
import { sumBelow } from '../loop-work.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

/** Many small items on their way at once. */
export const across1000: InsideCase = across(1_000, 200_000)

export const across16: InsideCase = across(16, 40_000)

/** A rendezvous: each item waits for its receiver, so each costs a way there and back. */
export const across0: InsideCase = across(0, 1_000)

function across(capacity: number, items: number): InsideCase {
  return {
    name: `channel-across-${capacity}`,
    title: `numbers through a channel of capacity ${capacity.toLocaleString('en')} to a worker and from one, each send awaited; the slower of both ways`,
    unit: 'items/s',
    better: 'higher',
    cpuPer: 'item',
    rounds: 4,
    plays: ({ kind }) => kind === 'atonce',
    async measure({ channel }, windowMs) {
      if (channel === undefined) throw new NotOffered('the library does not offer it')
      const both = async (): Promise<number> => {
        const lengthsMs: number[] = []
        for (const way of [channel.to, channel.from]) {
          const begun = performance.now()
          expect(await way(items, capacity), sumBelow(items), 'sum of what was received')
          lengthsMs.push(performance.now() - begun)
        }
        return Math.max(...lengthsMs)
      }
      const slowerMs: number[] = []
      const { medianMs: _, ...load } = await repeat(async () => void slowerMs.push(await both()), {
        windowMs,
        countPerBody: 2 * items,
        warmUpMs: warmUpWindows * windowMs,
        warmUp: both,
      })
      return { value: items / (median(slowerMs) / 1_000), ...load }
    },
  }
}
