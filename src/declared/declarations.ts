/**
 * { module, name, position } → what a module has declared: classes that keep their class, storages that travel.
 *
 *     shareable(import.meta, Point) ─▶ declare ─▶ place ─┊─ message: the place, never the thing ─┊─▶ find ─▶ Point
 *
 * The position counts those of the same name in the same module, so that one declaration more does not move the others.
 * A message is only looked up here: what was not declared on this side can't be reached, whatever name it carries.
 */
import { DeclarationError } from '../errors.ts'
import { type ModuleVersion, versionOf } from './module-version.ts'

/** Where something was declared. */
export interface Place {
  readonly module: string
  readonly name: string
  readonly position: number
}

interface DeclaringModule<T> {
  /** The `import.meta` of the evaluation that declared these. */
  readonly meta: ImportMeta
  readonly version: ModuleVersion | undefined
  // Maps, so that a module or a name such as `__proto__` is only data.
  readonly byName: Map<string, T[]>
}

/** What was declared of one kind, on this thread. */
export class Declarations<T> {
  readonly #modules: Map<string, DeclaringModule<T>>

  /** All copies of atonce in one thread (the command line's, the program's own) share what they declare under `key`. */
  constructor(key: string) {
    const shared = Symbol.for(`atonce.${key}.1`)
    const holder = globalThis as { [shared]?: Map<string, DeclaringModule<T>> }
    this.#modules = holder[shared] ??= new Map()
  }

  /**
   * Enters what `make` makes for its place. A module that is evaluated anew (a development server reloads it) brings
   * another `import.meta`, and starts again.
   * @throws DeclarationError if `meta` has no URL
   */
  declare(meta: ImportMeta, name: string, make: (place: Place, version: ModuleVersion | undefined) => T): T {
    const module: unknown = meta?.url
    if (typeof module !== 'string') {
      throw new DeclarationError(
        `The first argument is import.meta of the module; it got ${meta === undefined ? 'undefined' : 'one without a URL'}. ` +
          'If the file was compiled to CommonJS, build it as an ES module: esbuild --format=esm, or "type": "module".',
      )
    }
    let entry = this.#modules.get(module)
    if (entry?.meta !== meta) {
      entry = { meta, version: versionOf(module), byName: new Map() }
      this.#modules.set(module, entry)
    }
    const namesakes = entry.byName.get(name) ?? []
    entry.byName.set(name, namesakes)
    const made = make({ module, name, position: namesakes.length }, entry.version)
    namesakes.push(made)
    return made
  }

  /** What was declared at that place on this side. */
  find({ module, name, position }: Place): T | undefined {
    if (!Number.isInteger(position)) return undefined // A forged one: 'length' would find something.
    return this.#modules.get(module)?.byName.get(name)?.[position]
  }

  /** Whether that module has declared anything of this kind on this side. */
  knows(module: string): boolean {
    return this.#modules.has(module)
  }

  /** All that is declared, of each module's last evaluation. */
  *all(): Generator<T> {
    for (const { byName } of this.#modules.values()) for (const namesakes of byName.values()) yield* namesakes
  }
}
