/**
 * What an actor did last, and what its fields were when it started; kept only where its class asks
 * for it (`remember`).
 */

export interface Change {
  readonly from: unknown
  readonly to: unknown
}

/** What an actor did before it failed, oldest first, and which of its fields have changed. */
export interface Remembered {
  readonly before: readonly (readonly [method: string, args: readonly unknown[]])[]
  readonly changed: Readonly<Record<string, Change>>
}

export const nothingRemembered: Remembered = { before: [], changed: {} }

/** Of an instance that did not start, or that keeps nothing in mind, it is nothing. */
export function rememberedOf(actor: {
  readonly memory: Memory | undefined
  readonly instance: object | undefined
}): Remembered {
  const { memory, instance } = actor
  if (memory === undefined || instance === undefined) return nothingRemembered
  return { before: memory.messages, changed: memory.changesOf(instance) }
}

export class Memory {
  readonly #most: number
  readonly #messages: (readonly [string, readonly unknown[]])[] = []
  readonly #fields = new Map<string, unknown>()

  constructor(most: number, instance: object) {
    this.#most = most
    for (const [field, value] of Object.entries(instance)) {
      const copy = copyOf(value)
      if (copy !== undefined) this.#fields.set(field, copy.value)
    }
  }

  /** The last messages that were done, oldest first. */
  get messages(): readonly (readonly [string, readonly unknown[]])[] {
    return this.#messages
  }

  note(method: string, args: readonly unknown[]): void {
    this.#messages.push([method, args])
    if (this.#messages.length > this.#most) this.#messages.shift()
  }

  changesOf(instance: object): Record<string, Change> {
    const changes: Record<string, Change> = Object.create(null)
    const { isDeepStrictEqual } = process.getBuiltinModule('node:util')
    for (const [field, value] of Object.entries(instance)) {
      const copy = copyOf(value)
      if (
        copy === undefined ||
        (this.#fields.has(field) && isDeepStrictEqual(copy.value, this.#fields.get(field)))
      )
        continue
      changes[field] = { from: this.#fields.get(field), to: copy.value }
    }
    return changes
  }
}

function copyOf(value: unknown): { readonly value: unknown } | undefined {
  try {
    return { value: structuredClone(value) }
  } catch {
    return undefined
  }
}
