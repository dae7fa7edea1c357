/**
 * { module, name, position } → what a module has declared: classes that keep their class, storages
 * that travel.
 *
 *     shareable(import.meta, Point) ─▶ declare ─▶ place ─┊─ message: the place, never the thing ─┊─▶ find ─▶ Point
 *
 * The position counts those of the same name in the same module, so that one declaration more does
 * not move the others. A message is only looked up here: what was not declared on this side can't
 * be reached, whatever name it carries.
 */
import { DeclarationError } from '../errors.ts'
import { sharedByCopies } from '../runtime/copies.ts'
import { type ModuleVersion, versionOf } from './module-version.ts'
import { isPortable, portableModule } from './portable-module.ts'
import { type Evaluation, evaluationOf, isSameEvaluation, type Where } from './where.ts'

/** Where something was declared. */
export interface Place {
  readonly module: string
  readonly name: string
  readonly position: number
}

interface DeclaringModule<T> {
  /** The evaluation that declared these. */
  readonly evaluation: Evaluation
  readonly version: ModuleVersion | undefined
  // Maps, so that a module or a name such as `__proto__` is only data.
  readonly byName: Map<string, T[]>
}

/** What was declared of one kind, on this thread. */
export class Declarations<T> {
  readonly #modules: Map<string, DeclaringModule<T>>
  readonly #byPortable = new Map<string, string>()

  /**
   * All copies of atonce in one thread (the command line's, the program's own) share what they
   * declare under `key`.
   */
  constructor(key: string) {
    this.#modules = sharedByCopies(key, () => new Map())
  }

  /**
   * Enters what `make` makes for its place. A module that is evaluated anew (a development server
   * reloads it) starts again. `declare` is the function that the module has called.
   * @throws DeclarationError if `where` names no module
   */
  declare(
    where: Where,
    name: string,
    declare: Function,
    make: (place: Place, version: ModuleVersion | undefined) => T,
  ): T {
    const evaluation = evaluationOf(where, declare)
    if (typeof evaluation === 'string')
      throw new DeclarationError(
        `The first argument is import.meta of the module; it got ${evaluation}. In a file of CommonJS it is module, in a bundle of webpack, rspack or ncc __filename; ` +
          'where a bundler knows this expression only (rspack, tsup --shims), import.meta.url.',
      )
    const { url: module } = evaluation
    let entry = this.#modules.get(module)
    if (entry === undefined || !isSameEvaluation(entry.evaluation, evaluation)) {
      entry = { evaluation, version: versionOf(module), byName: new Map() }
      this.#modules.set(module, entry)
    }
    const namesakes = entry.byName.get(name) ?? []
    entry.byName.set(name, namesakes)
    const made = make({ module, name, position: namesakes.length }, entry.version)
    namesakes.push(made)
    return made
  }

  /**
   * Enters what belongs to the library itself, at a place that is the same in each of its copies;
   * the first copy's counts.
   */
  declareOwn(name: string, make: (place: Place, version: undefined) => T): T {
    const module = 'atonce:own'
    let entry = this.#modules.get(module)
    if (entry === undefined) {
      const evaluation = { url: module, identity: undefined, place: '', turn: {}, runsFrom: undefined }
      entry = { evaluation, version: undefined, byName: new Map() }
      this.#modules.set(module, entry)
    }
    const made = make({ module, name, position: 0 }, undefined)
    if (!entry.byName.has(name)) entry.byName.set(name, [made])
    return made
  }

  /** Which evaluation of the module has declared what there is. */
  evaluationOf(module: string): Evaluation | undefined {
    return this.#modules.get(module)?.evaluation
  }

  /** What was declared at that place on this side. */
  find({ module, name, position }: Place): T | undefined {
    if (!Number.isInteger(position)) return undefined // A forged one: 'length' would find something.
    const url = isPortable(module) ? this.#urlOf(module) : module
    return url === undefined ? undefined : this.#modules.get(url)?.byName.get(name)?.[position]
  }

  /**
   * The URL that a module has here, by its portable name; only one that has declared something here
   * is found.
   */
  #urlOf(portable: string): string | undefined {
    const known = this.#byPortable.get(portable)
    if (known !== undefined) return known
    for (const url of this.#modules.keys())
      if (portableModule(url) === portable) {
        this.#byPortable.set(portable, url)
        return url
      }
    return undefined
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
