import type { InsideCase } from '../case.ts'
import { expect, loaded, runAll } from '../repeat.ts'
import type { Pool } from '../rival.ts'

const wanted = 1_000_000
/**
 * Who can't do the million in this time does fewer. A library that has a call for many inputs is
 * waited for longer.
 */
const patienceMs = ({ map }: Pool): number => (map ? 10_000 : 3_000)
const fewer = [100_000, 20_000]

/** Many items that are hardly any work: what `map` is for, and what a call for each item is not. */
export const map: InsideCase = {
  name: 'map',
  title: 'identity over 1,000,000 items: map where there is one, else Promise.all(items.map(run))',
  unit: 'items/s',
  better: 'higher',
  cpuPer: 'item',
  rounds: 3,
  plays: ({ name }) =>
    !['comlink', 'effect', 'raw1'].includes(name) /* As slow as the others without a map, and slower. */,
  async measure(pool) {
    await runAll(pool, 'identity', numbers(2_000))
    const trial = numbers(20_000)
    const begun = performance.now()
    await runAll(pool, 'identity', trial)
    const msPerItem = (performance.now() - begun) / trial.length
    const most = pool.map ? Number.POSITIVE_INFINITY : (pool.mostPending ?? Number.POSITIVE_INFINITY)
    const count =
      [wanted, ...fewer].find(count => count <= most && count * msPerItem <= patienceMs(pool)) ?? trial.length
    const items = numbers(count)
    const { answer, wallMs, load } = await loaded(async () => runAll(pool, 'identity', items))
    expect(answer.length, count, 'results')
    for (let at = 0; at < count; at += 1) if (answer[at] !== at) expect(answer[at], at, `result ${at}`)
    return {
      value: count / (wallMs / 1_000),
      ...load(count),
      ...(count < wanted ? { note: `${count.toLocaleString('en')} items` } : {}),
    }
  },
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
