import type { InsideCase } from '../case.ts'
import { expect, repeat, warmUpWindows } from '../repeat.ts'
import type { RivalEntry } from '../rival.ts'

/**
 * What a server does that gets many small requests at once: all calls are made before the first
 * answer.
 */
export const burst: InsideCase = burstOf({
  name: 'burst',
  title: '20,000 calls of identity at once',
  calls: 20_000,
  inputOf: at => at,
  isAnswer: (answer, input) => answer === input,
})

/** The same with what such requests hold. */
export const burstOfRecords: InsideCase = burstOf({
  name: 'burst-of-records',
  title: '5,000 calls of identity at once, each with a record of 20 rows (1 KB as JSON)',
  calls: 5_000,
  inputOf: recordOf,
  isAnswer: (answer, { number, rows }) => {
    const order = answer as Order
    return order.number === number && order.rows.length === 20 && order.rows[19]?.item === rows[19]?.item
  },
  rounds: 2,
  // Of Python's pools the numbers say enough.
  plays: ({ kind }) => kind !== 'python',
})

interface Order {
  readonly number: number
  readonly rows: readonly { readonly item: string; readonly count: number; readonly price: number }[]
}

function recordOf(number: number): Order {
  const rows = Array.from({ length: 20 }, (_, row) => ({
    item: `item ${(number + row) % 1_000}`,
    count: row % 7,
    price: row * 1.5 + number / 100,
  }))
  return { number, rows }
}

function burstOf<T>(of: {
  name: string
  title: string
  calls: number
  inputOf(at: number): T
  isAnswer(answer: unknown, input: T): boolean
  /** Default 4. */
  rounds?: number
  plays?(rival: RivalEntry): boolean
}): InsideCase {
  return {
    name: of.name,
    title: of.title,
    unit: 'calls/s',
    better: 'higher',
    cpuPer: 'call',
    rounds: of.rounds ?? 4,
    plays: rival =>
      rival.name !== 'raw-chunks' && !rival.name.endsWith('chunked') && (of.plays?.(rival) ?? true),
    async measure(pool, windowMs) {
      const burst = (inputs: readonly T[]) => async (): Promise<void> => {
        const answers = await Promise.all(inputs.map(input => pool.run('identity', input)))
        expect(answers.length, inputs.length, 'answers')
        // Measured too, and so as cheap as can be.
        for (let at = 0; at < inputs.length; at += 1)
          if (!of.isAnswer(answers[at], inputs[at] as T)) expect(answers[at], inputs[at], `answer ${at}`)
      }
      const inputs = Array.from({ length: of.calls }, (_, at) => of.inputOf(at))
      const { medianMs, ...load } = await repeat(burst(inputs), {
        windowMs,
        countPerBody: of.calls,
        warmUpMs: warmUpWindows * windowMs,
        warmUp: burst(inputs.slice(0, of.calls / 10)),
      })
      return { value: of.calls / (medianMs / 1_000), ...load }
    },
  }
}
