import type { InsideCase } from '../case.ts'
import { expect, keepInFlight } from '../repeat.ts'

function inFlight(name: string, title: string, inFlight: number): InsideCase {
  return {
    name,
    title,
    unit: 'calls/s',
    better: 'higher',
    cpuPer: 'call',
    rounds: 4,
    plays: rival => rival.name !== 'raw-chunks' && !rival.name.endsWith('chunked'),
    measure: (pool, windowMs) =>
      keepInFlight(
        async number => {
          const answer = await pool.run('identity', number)
          if (answer !== number) expect(answer, number, `answer ${number}`)
        },
        { inFlight, windowMs },
      ),
  }
}

/** What a busy server does: a steady number of calls are under way. */
export const sixtyFour: InsideCase = inFlight('64-in-flight', 'identity, always 64 calls in flight', 64)

/** What a script does that waits for each answer: the price of the way there and back. */
export const oneAtATime: InsideCase = inFlight('one-at-a-time', 'identity, one call after the other', 1)
