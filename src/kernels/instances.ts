/**
 * A kernel's instance on this thread: made when it is first used here, and kept, as calls follow
 * each other. What instances share is the memory; each has globals of its own, and so a stack of
 * its own.
 */
import { KernelError } from './errors.ts'
import { type Home, reserve } from './home.ts'
import { isGlobal, type WasmFunction, type WasmInstance, wasm } from './webassembly.ts'

/** The functions that a kernel exports, by their names. */
export type KernelFunctions = Readonly<Record<string, WasmFunction>>

const kept = new Map<number, KernelFunctions>()
/** An instance keeps its memory alive. */
const mostKept = 16

export function functionsOf(home: Home): KernelFunctions {
  const known = kept.get(home.id)
  if (known !== undefined) return known
  const instance = instantiate(home)
  giveStack(home, instance)
  const functions = keep(home, instance)
  const [oldest] = kept.keys()
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
  return functions
}

/** Notes the instance as that of this thread. */
export function keep(home: Home, { exports }: WasmInstance): KernelFunctions {
  const functions = Object.fromEntries(
    Object.entries(exports).filter(
      (entry): entry is [string, WasmFunction] => typeof entry[1] === 'function',
    ),
  )
  kept.set(home.id, functions)
  return functions
}

/** @throws KernelError if it wants what nobody can give it */
export function instantiate({ name, module, memory }: Home): WasmInstance {
  const imports: Record<string, Record<string, unknown>> = {}
  const wanted: string[] = []
  for (const one of wasm.Module.imports(module)) {
    imports[one.module] ??= {}
    const from = imports[one.module] as Record<string, unknown>
    if (one.kind === 'memory') from[one.name] = memory
    else if (one.kind === 'function' && one.name === 'abort') from[one.name] = abortOf(name)
    else wanted.push(`${one.module}.${one.name} (${one.kind})`)
  }
  if (wanted.length > 0)
    throw new KernelError(
      name,
      `${name} imports ${wanted.join(', ')}; a kernel gets its memory, and nothing else. ` +
        'Compile it without a system below it: clang --target=wasm32 -nostdlib, AssemblyScript with --runtime stub, Rust with #![no_std].',
    )
  try {
    return new wasm.Instance(module, imports)
  } catch (cause) {
    throw new KernelError(name, `${name} could not be set up: ${(cause as Error).message}`, { cause })
  }
}

/**
 * What AssemblyScript calls where an assertion fails: the texts are on its memory, the place is in
 * the numbers.
 */
function abortOf(name: string): WasmFunction {
  return (_message, _file, line, column) => {
    throw new KernelError(name, `${name} aborted at line ${line}, column ${column} of its source.`)
  }
}

/**
 * Compilers of C and Rust keep what is too large for a register on a stack in the memory, at the
 * same place for every instance. Its pointer is exported by -Wl,--export=__stack_pointer.
 */
function giveStack(home: Home, { exports }: WasmInstance): void {
  const pointer = exports['__stack_pointer']
  if (!isGlobal(pointer)) return
  const top = reserve(home, home.stackBytes) + home.stackBytes
  pointer.value = typeof pointer.value === 'bigint' ? BigInt(top) : top
}
