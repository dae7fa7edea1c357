/** All gallery programs, in the order in which they are best read. */
import { chat } from './chat/workload.ts'
import { crawler } from './crawler/workload.ts'
import { factorials } from './factorial/workload.ts'
import { fetcher } from './fetcher/workload.ts'
import { generatorsScheduler } from './generators-scheduler/workload.ts'
import { hashDetect } from './hash-detect/workload.ts'
import { mandelbrot } from './mandelbrot/workload.ts'
import { matmul } from './matmul/workload.ts'
import { mazes } from './maze/workload.ts'
import { minMax } from './min-max/workload.ts'
import { primes } from './primes/workload.ts'
import { wordCount } from './word-count/workload.ts'
import { wordSearch } from './word-search/workload.ts'
import type { Workload } from './workload.ts'

/** Every workload by its name. */
export const gallery: ReadonlyMap<string, Workload> = new Map(
  [
    primes,
    mandelbrot,
    matmul,
    factorials,
    mazes,
    wordSearch,
    wordCount,
    minMax,
    hashDetect,
    generatorsScheduler,
    fetcher,
    crawler,
    chat,
  ].map((workload: Workload) => [workload.name, workload]),
)
