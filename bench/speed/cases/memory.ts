import type { OutsideCase } from '../case.ts'
import { program } from '../program.ts'

const few = 1
const many = 5

/**
 * What a pool costs that waits for work. Of processes the resident sets are added up, so shared
 * pages count for each.
 */
export const memory: OutsideCase = {
  name: 'memory',
  title: `resident memory of each further idle worker: (with ${many} − with ${few}) ÷ ${many - few}`,
  unit: 'MiB',
  better: 'lower',
  cpuPer: 'run',
  rounds: 2,
  plays: ({ name, kind }) => kind !== 'python' && !['loop', 'raw1', 'raw-batch', 'raw-chunks'].includes(name),
  async observe(rival) {
    const residentWith = async (workers: number): Promise<number> => {
      const { output } = await program(rival, {
        node: [
          '--expose-gc',
          new URL('./memory-program.js', import.meta.url),
          rival.url ?? '',
          String(workers),
        ],
      })
      return (output as { bytes: number }).bytes
    }
    const withFew = await residentWith(few)
    const withMany = await residentWith(many)
    return { value: (withMany - withFew) / (many - few) / 2 ** 20 }
  },
}
