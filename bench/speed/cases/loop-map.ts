import type { LoopCase } from '../case.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

const inputs = Array.from({ length: 100_000 }, (_, at) => at)
const concurrency = 10

/** `map` where nothing is sent anywhere. */
export const loopMap: LoopCase = {
  name: 'loop-map',
  title: 'an async function that returns its argument over 100,000 inputs on one event loop, ten at a time',
  unit: 'items/s',
  better: 'higher',
  cpuPer: 'item',
  rounds: 4,
  asks: 'map',
  async measure({ map }, windowMs) {
    const { medianMs, ...load } = await repeat(
      async () => {
        const results = (await map?.(inputs, concurrency)) ?? []
        expect(results.length, inputs.length, 'results')
        for (const input of inputs)
          if (results[input] !== input) expect(results[input], input, `result ${input}`)
      },
      { windowMs, countPerBody: inputs.length, warmUpMs: warmUpWindows * windowMs },
    )
    return { value: inputs.length / (medianMs / 1_000), ...load }
  },
}
