/**
 * Which files the code runs from, as V8 has them.
 *
 * A bundler may write any text in the place of `import.meta.url`: the URL of the source, one of its
 * own, nothing. The stack tells the file that truly runs.
 */

/** One frame of the stack. */
export interface CallSite {
  /** The URL or the path of the script, as its loader named it; empty if it has none. */
  readonly script: string
  /** Line and column in it. V8 looks for all lines of a script when it is first asked for one. */
  readonly place: string
}

/**
 * As far as a stack is looked at: a module that declares stands near its top, below a helper or
 * two.
 */
const mostFrames = 64

/**
 * The frames below the function `below`, nearest first; none where stacks can't be asked:
 * intrinsics are frozen, or the engine is another one.
 */
export function callSitesBelow(below: Function): readonly CallSite[] {
  return framesBelow(below, mostFrames, siteOf)
}

function framesBelow<T>(below: Function, most: number, told: (site: NodeJS.CallSite) => T): readonly T[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    // The program's own hook is put back before anybody else runs.
    Error.prepareStackTrace = (_, sites) => sites.map(told)
    Error.stackTraceLimit = most
    const holder: { stack?: unknown } = {}
    Error.captureStackTrace(holder, below)
    const frames = holder.stack
    return Array.isArray(frames) ? (frames as T[]) : []
  } catch {
    return []
  } finally {
    restore(prepareStackTrace, stackTraceLimit)
  }
}

/**
 * The URL of the file that holds the code which calls this. In a bundle it is the bundle's own,
 * whatever the bundler made of `import.meta.url`, the second choice. Not `import.meta` itself: some
 * bundlers know only what is read from it.
 */
export function urlOfCaller(importMetaUrl: string | undefined): string {
  const [script = ''] = framesBelow(urlOfCaller, 1, scriptOf)
  if (script.startsWith('file:')) return script
  if (process.getBuiltinModule('node:path').isAbsolute(script))
    return process.getBuiltinModule('node:url').pathToFileURL(script).href
  return importMetaUrl ?? ''
}

function scriptOf(site: NodeJS.CallSite): string {
  return site.getScriptNameOrSourceURL() ?? ''
}

function siteOf(site: NodeJS.CallSite): CallSite {
  return {
    script: scriptOf(site),
    get place() {
      return `${site.getLineNumber()}:${site.getColumnNumber()}`
    },
  }
}

function restore(prepareStackTrace: typeof Error.prepareStackTrace, stackTraceLimit: number): void {
  try {
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  } catch {
    // Frozen: nothing was changed either.
  }
}
