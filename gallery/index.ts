/** All gallery programs, in the order in which they are best read. */
import { mandelbrot } from './mandelbrot/workload.ts'
import { matmul } from './matmul/workload.ts'
import { primes } from './primes/workload.ts'
import type { Workload } from './workload.ts'

/** Every workload by its name. */
export const gallery: ReadonlyMap<string, Workload> = new Map(
  [primes, mandelbrot, matmul].map((workload: Workload) => [workload.name, workload]),
)
