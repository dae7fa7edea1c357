/** atonce/parallel: loops and chains of work on many inputs, in parts that several workers do. */

export { type Parallel, type ParallelOptions, parallel } from './parallel/chain.ts'
export { type LoopRange, parallelFor, type Reduction } from './parallel/loop.ts'
