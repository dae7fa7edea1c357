/** atonce/kernels: WebAssembly on many threads, over one shared memory. */

export { KernelError, KernelMemoryError } from './kernels/errors.ts'
export {
  type Kernel,
  type KernelArgument,
  type KernelMemoryOptions,
  type KernelOptions,
  kernel,
} from './kernels/kernel.ts'
