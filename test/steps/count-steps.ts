/**
 * How many steps a part of the library takes for something: how often the loops of each function
 * are run, and how many elements the platform's own loops pass for it. No clock: the same each
 * time.
 */
import { Session } from 'node:inspector/promises'

const { captureStackTrace } = Error

/** By place in the code. */
export type Steps = Map<string, number>

/** Counts blocks from now on; to be made before the code has run often, as V8 counts only then. */
export class StepCounter {
  readonly #session = new Session()
  readonly #part: string

  /** Counts in files whose path has `part` in it. */
  constructor(part: string) {
    this.#part = part
  }

  async open(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  close(): void {
    this.#session.disconnect()
  }

  /** The steps of `body`. */
  async count(body: () => Promise<unknown>): Promise<Steps> {
    const loops = watchLoops(this.#part)
    await this.#blocks() // What was counted before begins anew.
    loops.begin()
    try {
      await body()
    } finally {
      loops.end()
    }
    const steps = new Map(loops.passed)
    for (const { url, functions } of await this.#blocks())
      for (const { functionName, ranges } of functions) {
        // V8 names no block that is run as often as the one around it: so the one that is run most.
        const place = `${fileOf(url)}, ${functionName} at ${ranges[0]?.startOffset}`
        add(steps, place, Math.max(...ranges.map(({ count }) => count)))
      }
    return steps
  }

  async #blocks() {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    return result.filter(({ url }) => url.includes(this.#part))
  }
}

function add(steps: Steps, place: string, count: number): void {
  steps.set(place, (steps.get(place) ?? 0) + count)
}

function fileOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

function lengthOf(list: unknown): number {
  return (list as readonly unknown[]).length
}

type Loop = (this: object, ...args: never[]) => unknown

/** Loops that are not seen as blocks: they pass all elements. */
const passAll = [
  ...['slice', 'splice', 'shift', 'unshift', 'concat', 'reverse', 'toReversed', 'sort', 'toSorted'],
  ...['indexOf', 'includes', 'join'],
]
/** Iterators, which pass as many as are asked for. */
const iterators = ['keys', 'values', 'entries', Symbol.iterator]

function watchLoops(part: string) {
  const watched = { passed: new Map<string, number>(), begin, end }
  const restored: (() => void)[] = []

  function begin(): void {
    for (const name of passAll)
      replace(Array.prototype, name, (list, result, place) => {
        add(watched.passed, place, lengthOf(name === 'slice' ? result : list))
        return result
      })
    for (const { prototype } of [Array, Set, Map])
      for (const name of iterators)
        replace(prototype, name, (_, result, place) => counting(result as Iterator<unknown>, place))
  }

  function replace(
    of: object,
    name: PropertyKey,
    seen: (list: object, result: unknown, place: string) => unknown,
  ): void {
    const own = Object.getOwnPropertyDescriptor(of, name) as PropertyDescriptor & { value: Loop }
    const value: Loop = function (...args) {
      const place = callerIn(part, value)
      const result = own.value.apply(this, args)
      return place === undefined ? result : seen(this, result, `${place}, ${String(name)}`)
    }
    Object.defineProperty(of, name, { ...own, value })
    restored.push(() => Object.defineProperty(of, name, own))
  }

  /** The same iterator, each of whose steps counts. */
  function counting(of: Iterator<unknown>, place: string): IterableIterator<unknown> {
    return {
      next() {
        add(watched.passed, place, 1)
        return of.next()
      },
      [Symbol.iterator]() {
        return this
      },
    }
  }

  function end(): void {
    for (const restore of restored.splice(0)) restore()
  }

  return watched
}

/** The file and line that call `below`, if they are of that part. */
function callerIn(part: string, below: Function): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  const at: { stack?: unknown } = {}
  Error.stackTraceLimit = 1
  Error.prepareStackTrace = (_, sites) => sites[0] // By number: a loop would come back here.
  captureStackTrace(at, below)
  const site = at.stack as NodeJS.CallSite | undefined
  Error.prepareStackTrace = prepareStackTrace
  Error.stackTraceLimit = stackTraceLimit
  const script = site?.getScriptNameOrSourceURL() ?? ''
  return script.includes(part) ? `${fileOf(script)}:${site?.getLineNumber()}` : undefined
}
