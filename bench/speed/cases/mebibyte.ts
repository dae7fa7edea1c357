/** 1 MiB of numbers to a worker and back, one at a time: copied, moved, shared. */
import { type InsideCase, NotOffered, type Sample } from '../case.ts'
import { expect, keepInFlight } from '../repeat.ts'
import type { Pool, RivalEntry } from '../rival.ts'

const length = 2 ** 20 / Float64Array.BYTES_PER_ELEMENT

export const copied: InsideCase = {
  ...described('copied', 'a Float64Array of 1 MiB copied to a worker and back'),
  measure: roundTrips(({ copy }) => {
    if (!copy) return undefined
    const array = new Float64Array(length)
    return async number => {
      array[0] = number
      const back = await copy(array)
      expect(back.length, length, 'length')
      expect(back[0], number + 1, 'first element')
      expect(array[0], number, "the sender's first element")
    }
  }),
}

export const moved: InsideCase = {
  ...described('moved', 'a Float64Array of 1 MiB moved to a worker and back'),
  measure: roundTrips(({ move }) => {
    if (!move) return undefined
    let array = new Float64Array(length)
    return async number => {
      array[0] = number
      const back = await move(array)
      expect(array.length, 0, "the sender's length")
      expect(back.length, length, 'length')
      expect(back[0], number + 1, 'first element')
      array = back
    }
  }),
}

export const shared: InsideCase = {
  ...described('shared', 'a Float64Array of 1 MiB in shared memory passed to a worker, a number back'),
  measure: roundTrips(({ share }) => {
    if (!share) return undefined
    const array = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
    return async number => {
      array[0] = number
      expect(await share(array), number + 1, 'first element there')
      expect(array[0], number + 1, 'first element here')
    }
  }),
}

function described(name: string, title: string): Omit<InsideCase, 'measure'> {
  return {
    name,
    title,
    unit: 'µs',
    better: 'lower',
    cpuPer: 'call',
    rounds: 4,
    // Processes share nothing and move nothing; they can only copy.
    plays: (rival: RivalEntry) =>
      rival.kind !== 'python' &&
      !['loop', 'raw1', 'raw-batch', 'raw-chunks'].includes(rival.name) &&
      (name === 'copied' || rival.model === 'threads'),
  }
}

/** The figure is the median: a mean would tell of the collector's moods. */
function roundTrips(
  tripOf: (pool: Pool) => ((number: number) => Promise<void>) | undefined,
): InsideCase['measure'] {
  return async (pool, windowMs): Promise<Sample> => {
    const trip = tripOf(pool)
    if (trip === undefined) throw new NotOffered('the library does not offer it')
    const { p50Us, ...sample } = await keepInFlight(trip, { inFlight: 1, windowMs })
    return { ...sample, value: p50Us }
  }
}
