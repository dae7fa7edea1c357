import type { InsideCase } from '../case.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'

const calls = 20_000

/** What a server does that gets many small requests at once: all calls are made before the first answer. */
export const burst: InsideCase = {
  name: 'burst',
  title: '20,000 calls of identity at once',
  unit: 'calls/s',
  better: 'higher',
  cpuPer: 'call',
  rounds: 4,
  plays: ({ name }) => name !== 'raw-chunks' && !name.endsWith('chunked'),
  async measure(pool, windowMs) {
    const burstOf = (inputs: readonly number[]) => async (): Promise<void> => {
      const answers = await Promise.all(inputs.map(input => pool.run('identity', input)))
      expect(answers.length, inputs.length, 'answers')
      for (const input of inputs)
        if (answers[input] !== input) expect(answers[input], input, `answer ${input}`)
    }
    const inputs = Array.from({ length: calls }, (_, at) => at)
    const { medianMs, ...load } = await repeat(burstOf(inputs), {
      windowMs,
      countPerBody: calls,
      warmUpMs: warmUpWindows * windowMs,
      warmUp: burstOf(inputs.slice(0, calls / 10)),
    })
    return { value: calls / (medianMs / 1_000), ...load }
  },
}
