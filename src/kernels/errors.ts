/** The errors of kernels; listed with atonce's others when this part is loaded. */
import { AtonceError, listErrorClasses } from '../errors.ts'

/**
 * The file is not a kernel (no WebAssembly, no shared memory, imports that nobody can give), or has
 * no function of that name.
 */
export class KernelError extends AtonceError {
  /** The kernel's name: its file's, unless it was given one. */
  readonly kernel: string

  constructor(kernel: string, message: string, options?: ErrorOptions) {
    super('ATONCE_KERNEL', message, options)
    this.kernel = kernel
  }
}

/** The kernel's memory has no room left, and may not grow further. */
export class KernelMemoryError extends AtonceError {
  readonly kernel: string

  constructor(kernel: string, message: string, options?: ErrorOptions) {
    super('ATONCE_KERNEL_MEMORY', message, options)
    this.kernel = kernel
  }
}

listErrorClasses({ KernelError, KernelMemoryError })
