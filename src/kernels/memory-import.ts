/**
 * What memory a module wants from outside, read from its bytes: the platform tells that it imports
 * one, and neither its size nor whether it is shared.
 *
 * Source of the format: WebAssembly Community Group, "WebAssembly Core Specification", binary
 * format, with the threads proposal's flag for shared limits.
 */

export interface MemoryImport {
  readonly module: string
  readonly name: string
  readonly shared: boolean
  /** In pages of 64 KiB. */
  readonly initial: number
  readonly maximum: number | undefined
}

const magic = 0x6d73_6100
const headerBytes = 8
const importSection = 2
const kinds = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const
const flags = { hasMaximum: 1, shared: 2, is64: 4 } as const

/** Whether the bytes begin as a module does. */
export function looksLikeModule(bytes: Uint8Array): boolean {
  return (
    bytes.length >= headerBytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === magic
  )
}

/**
 * The memory that a module imports, undefined if it imports none. The module must have been
 * compiled: it is well formed.
 */
export function memoryImportOf(bytes: Uint8Array): MemoryImport | undefined {
  const reader = new Reader(bytes, headerBytes)
  while (!reader.atEnd) {
    const section = reader.byte()
    const end = reader.number() + reader.at
    if (section === importSection) return memoryAmong(reader)
    reader.at = end
  }
  return undefined
}

function memoryAmong(reader: Reader): MemoryImport | undefined {
  for (let left = reader.number(); left > 0; left -= 1) {
    const [module, name, kind] = [reader.text(), reader.text(), reader.byte()]
    if (kind === kinds.memory) return { module, name, ...limitsOf(reader) }
    if (kind === kinds.function) reader.number()
    else if (kind === kinds.global) reader.at += 2
    else if (kind === kinds.tag) {
      reader.at += 1
      reader.number()
    } else {
      reader.at += 1
      limitsOf(reader)
    }
  }
  return undefined
}

function limitsOf(reader: Reader): Pick<MemoryImport, 'shared' | 'initial' | 'maximum'> {
  const set = reader.byte()
  const initial = reader.number()
  const maximum = (set & flags.hasMaximum) === 0 ? undefined : reader.number()
  return { shared: (set & flags.shared) !== 0, initial, maximum }
}

class Reader {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.at++] as number
  }

  /** LEB128, unsigned. */
  number(): number {
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
  }

  text(): string {
    const length = this.number()
    this.at += length
    return new TextDecoder().decode(this.#bytes.slice(this.at - length, this.at))
  }
}
