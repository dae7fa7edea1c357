/**
 * The model `kernels`: WebAssembly on threads, over one memory.
 *
 *     kernel(url) ─▶ read, compile, check ─▶ Kernel ─ an argument ─┊─▶ the same module and memory: an instance there
 *     own.forRange(pool, range, name, …) ─▶ part.ts on each worker ─┊─▶ name(from, to, …) for its shares
 */
import { checkOptions, checkWhole, meantBy, optionNames, shown } from '../checks.ts'
import { shareable } from '../declared/shareable.ts'
import { OptionError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { checkRange, type LoopRange, scheduleOf } from '../parallel/loop.ts'
import { newLockNumber } from '../runtime/agents.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { needsSharedMemory } from '../sync/needs-shared-memory.ts'
import { type NumberKind, type NumberView, numberArrays } from '../sync/shared-array.ts'
import type { Future } from '../task/future.ts'
import { KernelError } from './errors.ts'
import { firstFree, type Home, reserve } from './home.ts'
import { functionsOf, instantiate, type KernelFunctions, keep } from './instances.ts'
import { looksLikeModule, type MemoryImport, memoryImportOf } from './memory-import.ts'
import { callOf, partOf } from './part.ts'
import {
  isGlobal,
  pageBytes,
  type WasmFunction,
  type WasmMemory,
  type WasmModule,
  wasm,
} from './webassembly.ts'

/** What `kernel` may be told. */
export interface KernelOptions {
  /** Shown in errors. Default: the name of the file. */
  readonly name?: string
  /** How much memory all its instances share. Default: what the module allows. */
  readonly memory?: KernelMemoryOptions
}

/** How large the memory of a kernel is, and may become. */
export interface KernelMemoryOptions {
  /**
   * How large it may get, in MiB. Default: what the module allows, 4,096 at the most. It grows as
   * it is used.
   */
  readonly maxMiB?: number
  /**
   * What the module itself needs at the beginning of its memory, in KiB, if it exports no
   * `__heap_base`. Default 64 KiB.
   */
  readonly reservedKiB?: number
  /**
   * The stack of each thread's instance, in KiB, if the module exports `__stack_pointer`. Default
   * 64 KiB.
   */
  readonly stackKiB?: number
}

const kernelOptionNames = optionNames<KernelOptions>({ name: true, memory: true })
const memoryOptionNames = optionNames<KernelMemoryOptions>({
  maxMiB: true,
  reservedKiB: true,
  stackKiB: true,
})

/** The most that 32 bits can name. */
const mostMiB = 4_096

/** A number, or an array on the kernel's memory, which stands for its address. */
export type KernelArgument = number | bigint | NumberView<NumberKind>

/**
 * Reads and compiles a WebAssembly module, and makes the memory that all its instances share. The
 * module must import its memory, shared, and export functions of numbers; it may import nothing
 * else.
 *
 * @throws OptionError
 * @throws KernelError (rejects) if the file is none, or not a kernel
 * @example
 *     const matmul = await kernel(new URL('./matmul.wasm', import.meta.url))
 *     const [a, b, c] = [1, 2, 3].map(() => matmul.allocate('f64', n * n))
 *     await matmul.forRange(pool, { to: n }, 'multiplyRows', a, b, c, n)
 */
export function kernel(
  source: URL | string | Uint8Array<ArrayBuffer>,
  options: KernelOptions = {},
): Promise<Kernel> {
  options = checkOptions('kernel(…)', options, kernelOptionNames)
  const memory = checkOptions('kernel(…, { memory })', options.memory ?? {}, memoryOptionNames)
  checkSize('maxMiB', memory.maxMiB, 1, mostMiB)
  checkSize('reservedKiB', memory.reservedKiB, 1, mostMiB * 1_024)
  checkSize('stackKiB', memory.stackKiB, 1, mostMiB * 1_024)
  if (!(source instanceof URL || typeof source === 'string' || source instanceof Uint8Array))
    throw new OptionError(
      `kernel(source) takes the URL or the path of a .wasm file, or its bytes; it got ${shown(source)}.`,
    )
  return make(source, options.name ?? nameOf(source), memory)
}

/**
 * A WebAssembly module and the memory that all its instances share. It may be an argument of tasks
 * on threads, of isolates and of `parallelFor`: each thread has an instance of its own, made when
 * it is first used there, and kept.
 */
export class Kernel {
  readonly #home: Home
  /** The addresses of what was allocated here. */
  readonly #addresses = new WeakMap<object, number>()

  /** To be made by `kernel()`. */
  constructor(home: Home) {
    this.#home = home
  }

  get name(): string {
    return this.#home.name
  }

  /** The memory, as WebAssembly knows it. */
  get memory(): WasmMemory {
    return this.#home.memory
  }

  /** The functions of this thread's instance. */
  get exports(): KernelFunctions {
    return functionsOf(this.#home)
  }

  /**
   * Takes so many numbers of the memory, for as long as the kernel lives, and gives a view on them;
   * `view.byteOffset` is their address. They are zeros, and aligned to 16 bytes. From any thread.
   * @throws OptionError
   * @throws KernelMemoryError if there is no room
   */
  allocate<K extends NumberKind>(kind: K, length: number): NumberView<K> {
    const made = Object.hasOwn(numberArrays, kind) ? numberArrays[kind] : undefined
    if (made === undefined)
      throw new OptionError(
        `allocate(kind, length) takes one of ${Object.keys(numberArrays).join(', ')}; it got ${shown(kind)}.`,
      )
    checkWhole('allocate(kind, length)', length, 0)
    const address = reserve(this.#home, length * made.BYTES_PER_ELEMENT)
    const view = new made(this.memory.buffer, address, length) as NumberView<K>
    this.#addresses.set(view, address)
    return view
  }

  /**
   * Calls a function on one of the executor's workers.
   * @throws KernelError if there is no such function
   * @throws OptionError for an argument that is neither a number nor on the kernel's memory, or if
   *   there are fewer than the function has
   */
  call(on: Executor, name: string, ...args: KernelArgument[]): Future<number | bigint | undefined> {
    this.#check('call(on, name, …)', on, name, args.length)
    return on.run(callOf(name), this, name, this.#numbers(args))
  }

  /**
   * Calls `name(from, to, …args)` for shares of the range, on all workers of the executor at once;
   * schedules are those of `parallelFor`. Resolves when all are done.
   * @throws as `call` does
   */
  async forRange(
    on: Executor,
    range: Omit<LoopRange, 'step'>,
    name: string,
    ...args: KernelArgument[]
  ): Promise<void> {
    this.#check('forRange(on, range, name, …)', on, name, args.length, 2)
    const checked = checkRange(range, 'forRange')
    if (checked.step !== 1) throw new OptionError('forRange calls a function with bounds: it takes no step.')
    const schedule = scheduleOf(on, checked)
    const numbers = this.#numbers(args)
    const workers = checked.steps === 0 ? 0 : schedule.workers
    const parts = Array.from(
      { length: workers },
      (_, worker) => [this, name, checked.from, schedule, worker, numbers] as const,
    )
    await on.map(partOf(name), parts, { chunk: 1 })
  }

  /** `own`: how many arguments come before the caller's. */
  #check(asked: string, on: Executor, name: string, given: number, own = 0): void {
    if (typeof on !== 'object' || typeof on?.map !== 'function')
      throw new OptionError(`${asked} takes an executor first, as threads(); it got ${shown(on)}.`)
    const names = Object.keys(this.exports)
    if (!names.includes(name)) {
      const meant = typeof name === 'string' ? meantBy(name, names) : undefined
      throw new KernelError(
        this.name,
        `${this.name} exports no function ${shown(name)}; it has ${names.join(', ') || 'none'}.` +
          (meant === undefined ? '' : ` Did you mean ${meant}?`),
      )
    }
    if (on.model === 'processes')
      throw new OptionError(
        `${this.name} is a kernel: its memory is shared by threads, and processes share none. Run it on threads(), or load it in a task of the process.`,
      )
    const { [name]: fn, __setArgumentsLength: takesFewer } = this.exports
    const wanted = (fn as WasmFunction).length
    // WebAssembly takes 0 for a number that is missing; AssemblyScript has optional ones.
    if (own + given < wanted && takesFewer === undefined)
      throw new OptionError(
        `${name} of ${this.name} takes ${wanted} ${wanted === 1 ? 'argument' : 'arguments'}${own === 0 ? '' : ', from and to among them'}; it got ${own + given}. Pass them all.`,
      )
  }

  #numbers(args: readonly KernelArgument[]): (number | bigint)[] {
    return args.map((arg, at) => {
      if (typeof arg === 'number' || typeof arg === 'bigint') return arg
      const address =
        this.#addresses.get(arg) ?? (arg?.buffer === this.memory.buffer ? arg.byteOffset : undefined)
      if (address !== undefined) return address
      throw new OptionError(
        `${this.name} takes numbers, and arrays on its own memory; argument ${at} is ${shown(arg)}. Make it there: const view = kernel.allocate('f64', length), and view.set(numbers).`,
      )
    })
  }

  static {
    // Bundled to CommonJS, there is no import.meta.
    shareable(import.meta?.url ?? urlOfCaller(undefined), Kernel, {
      pack(own: Kernel, crossing) {
        needsSharedMemory(crossing, 'kernel')
        return own.#home
      },
      unpack: (home: Home) => new Kernel(home),
    })
  }
}

async function make(
  source: URL | string | Uint8Array<ArrayBuffer>,
  name: string,
  options: KernelMemoryOptions,
): Promise<Kernel> {
  const bytes = source instanceof Uint8Array ? source : await read(source, name)
  const module = await compile(bytes, name)
  const wanted = memoryImportOf(bytes)
  checkMemory(wanted, name)
  const { maxMiB = mostMiB, reservedKiB = 64, stackKiB = 64 } = options
  const maximumPages = Math.min((maxMiB * 2 ** 20) / pageBytes, wanted.maximum)
  if (maximumPages < wanted.initial)
    throw new OptionError(
      `${name} needs ${(wanted.initial * pageBytes) / 2 ** 20} MiB to begin with; kernel(…, { memory: { maxMiB } }) gives it ${maxMiB}.`,
    )
  const home: Home = {
    id: newLockNumber(),
    name,
    module,
    memory: new wasm.Memory({ initial: wanted.initial, maximum: maximumPages, shared: true }),
    maximumPages,
    stackBytes: stackKiB * 1_024,
    next: new Int32Array(new SharedArrayBuffer(4)),
  }
  const instance = instantiate(home)
  const base = instance.exports['__heap_base']
  home.next[0] = firstFree(isGlobal(base) ? Number(base.value) : reservedKiB * 1_024)
  keep(home, instance)
  return new Kernel(home)
}

async function read(source: URL | string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = typeof source === 'string' && /^[a-z]{2,}:/i.test(source) ? new URL(source) : source
    return await process.getBuiltinModule('node:fs/promises').readFile(file)
  } catch (cause) {
    throw new KernelError(
      name,
      `${name} can't be read: ${(cause as Error).message}. Give the file's URL: kernel(new URL('./${name}.wasm', import.meta.url)).`,
      { cause },
    )
  }
}

async function compile(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<WasmModule> {
  if (!looksLikeModule(bytes)) {
    const start = [...bytes.subarray(0, 4)].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    throw new KernelError(
      name,
      `${name} is not WebAssembly: a module begins with the bytes 00 61 73 6d, and this with ${start || 'none'}. ` +
        'Compile it: npx asc kernel.ts --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --enable threads -o kernel.wasm',
    )
  }
  try {
    return await wasm.compile(bytes)
  } catch (cause) {
    throw new KernelError(name, `${name} can't be compiled: ${(cause as Error).message}`, { cause })
  }
}

function checkMemory(
  wanted: MemoryImport | undefined,
  name: string,
): asserts wanted is MemoryImport & { readonly maximum: number } {
  if (wanted?.shared === true) return
  throw new KernelError(
    name,
    `${name} ${wanted === undefined ? 'imports no memory' : 'imports a memory that is not shared'}, so threads could not work on one. Compile it with\n` +
      '    AssemblyScript: --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --enable threads\n' +
      '    clang: -matomics -mbulk-memory -Wl,--import-memory,--shared-memory,--max-memory=4294967296\n' +
      '    Rust: RUSTFLAGS="-C target-feature=+atomics,+bulk-memory -C link-args=--import-memory --shared-memory --max-memory=4294967296"',
  )
}

function checkSize(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return
  throw new OptionError(
    `kernel(…, { memory: { ${name} } }) takes a whole number from ${least} to ${most}; it got ${shown(value)}.`,
  )
}

function nameOf(source: URL | string | Uint8Array): string {
  if (source instanceof Uint8Array) return 'a kernel'
  const path = source instanceof URL ? source.pathname : source
  return path.replace(/.*[/\\]/, '').replace(/\.wasm$/, '') || 'a kernel'
}
