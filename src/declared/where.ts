/**
 * Where something is declared: the module, as its own code can name it, and which evaluation of it.
 *
 * A development server evaluates a module anew after each edit, a test runner for each file of
 * tests. What is declared then takes the place of what was declared before; so each evaluation must
 * be told from the last one.
 */
import { type CallSite, callSitesBelow } from '../runtime/call-site.ts'
import { runtime } from '../runtime/runtime.ts'

/** CommonJS's `module`. */
export interface CommonJsModule {
  readonly filename: string
  readonly exports: unknown
}

/**
 * The module that declares: `import.meta`; its URL, `import.meta.url`, as some tools know no other
 * expression; `module`, in a file of CommonJS; or `__filename`, where webpack makes a `module` of
 * its own.
 */
export type Where = ImportMeta | string | CommonJsModule

/** One evaluation of a module, as it was seen by its first declaration. */
export interface Evaluation {
  /** The URL of the module. */
  readonly url: string
  /** The object that stands for it in its code, if it was given: another one in each evaluation. */
  identity: object | undefined
  /** Where in the file the declaration stands, and in which turn of the event loop it came. */
  readonly place: string
  readonly turn: object
  /**
   * The file that the code runs from, if it is another one than the URL says: what a bundler left
   * of the source's URL.
   */
  readonly runsFrom: string | undefined
}

/**
 * What the caller of `declare` says about its module.
 * @returns the evaluation, or what was got in the place of a module, for a message
 */
export function evaluationOf(where: Where, declare: Function): Evaluation | string {
  const named = nameModule(where)
  if (typeof named === 'string') return named
  const sites = callSitesBelow(declare)
  const own = named.url.startsWith('file:') ? pathOf(named.url) : named.url
  const site = sites.find(({ script }) => pathOf(script) === own)
  return {
    ...named,
    place: (site ?? sites[0])?.place ?? '',
    turn: thisTurn(),
    runsFrom: site === undefined && named.url.startsWith('file:') ? otherFile(sites) : undefined,
  }
}

/**
 * Whether what is declared `next` belongs to the same evaluation as the first declaration. Of a
 * bare URL: it does, unless the very first declaration of the file comes once more, later.
 */
export function isSameEvaluation(first: Evaluation, next: Evaluation): boolean {
  if (first.identity !== undefined && next.identity !== undefined) return first.identity === next.identity
  if (first.place === next.place && first.turn !== next.turn) return false
  first.identity ??= next.identity
  return true
}

/** Whether it was declared by CommonJS's `module`. */
export function isCommonJs({ identity }: Evaluation): boolean {
  return identity !== undefined && 'exports' in identity
}

function nameModule(where: Where): Pick<Evaluation, 'url' | 'identity'> | string {
  if (typeof where === 'string') {
    if (/^[a-z][a-z\d+.-]+:/i.test(where)) return { url: where, identity: undefined }
    if (process.getBuiltinModule('node:path').isAbsolute(where))
      return { url: urlOf(where), identity: undefined }
    return `the text ${JSON.stringify(where)}, which is not a URL`
  }
  if (typeof where !== 'object' || where === null) return where === null ? 'null' : `${typeof where}`
  const { url, filename } = where as { url?: unknown; filename?: unknown }
  if (typeof url === 'string') return { url, identity: isWrittenOut(where) ? undefined : where }
  if (typeof filename === 'string' && 'exports' in where) return { url: urlOf(filename), identity: where }
  return 'exports' in where ? "a bundler's own module" : 'an object without a url'
}

function urlOf(path: string): string {
  return process.getBuiltinModule('node:url').pathToFileURL(path).href
}

/** Rollup writes `({ url: … })` in the place of each `import.meta`: another object at each one. */
function isWrittenOut(where: object): boolean {
  const keys = Object.keys(where)
  return keys.length === 1 && Object.getPrototypeOf(where) === Object.prototype
}

/** The nearest frame's file, if it is one: code without a file has its URL from whoever made it. */
function otherFile([nearest]: readonly CallSite[]): string | undefined {
  if (nearest === undefined) return undefined
  const path = pathOf(nearest.script)
  return process.getBuiltinModule('node:path').isAbsolute(path) || /^webpack/.test(path) ? path : undefined
}

/** The path of a script, whichever way it is named, without what a loader has added to it. */
function pathOf(script: string): string {
  if (!script.startsWith('file:')) return script
  try {
    return process.getBuiltinModule('node:url').fileURLToPath(script.replace(/[?#].*$/, ''))
  } catch {
    return script
  }
}

let turn: object | undefined

/**
 * The same for all that is declared before the event loop goes on: a file's declarations, mostly.
 */
function thisTurn(): object {
  if (turn !== undefined) return turn
  turn = {}
  runtime().soon(() => {
    turn = undefined
  })
  return turn
}
