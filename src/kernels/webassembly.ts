/**
 * What kernels need of the platform's WebAssembly. Its types come with those of browsers, which
 * this project does without.
 */

export interface WasmModule {
  readonly [Symbol.toStringTag]?: 'WebAssembly.Module'
}

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer
  grow(pages: number): number
}

interface WasmGlobal {
  value: number | bigint
}

export type WasmFunction = (...args: (number | bigint)[]) => number | bigint | undefined
type WasmExport = WasmFunction | WasmGlobal | object

export interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmExport>>
}

interface Described {
  readonly name: string
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag'
}

interface Wasm {
  readonly Module: {
    imports(module: WasmModule): readonly (Described & { readonly module: string })[]
    exports(module: WasmModule): readonly Described[]
  }
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => WasmInstance
  readonly Global: new (...args: never) => WasmGlobal
  compile(bytes: ArrayBufferView | ArrayBuffer): Promise<WasmModule>
}

export const wasm: Wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly

export function isGlobal(value: WasmExport | undefined): value is WasmGlobal {
  return value instanceof wasm.Global
}

/** The unit of memories. */
export const pageBytes = 65_536
