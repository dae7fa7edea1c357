/**
 * The parts of a value that can be sent, when the whole can't. The properties of an error are worth
 * more than the reason why one is missing.
 */
import { isPlainRecord } from './class-of.ts'
import { define } from './define.ts'
import { arrayIndex } from './own-names.ts'
import { itemOf, keyOfMap, pathOf, type Step } from './path.ts'

const { types } = process.getBuiltinModule('node:util')

/** Deeper containers are named, not entered. */
const mostContainers = 10_000
const mostLevels = 100

/**
 * Copies the value's arrays, plain records, Maps and Sets, with a text in place of each part that
 * `encode` refuses. Shared parts and circles are kept.
 */
export function sendableParts(
  value: unknown,
  root: string,
  encode: (part: unknown, path: string) => unknown,
  inPlaceOf: (problem: unknown) => string,
): unknown {
  const done = new Map<object, unknown>()
  const steps: Step[] = []

  function copy(part: unknown): unknown {
    if (typeof part !== 'object' || part === null) return leaf(part)
    const before = done.get(part)
    if (before !== undefined) return before
    if (types.isProxy(part) || types.isModuleNamespaceObject(part)) return leaf(part)
    if (done.size >= mostContainers || steps.length >= mostLevels) return leaf(part)
    if (Array.isArray(part) && Object.getPrototypeOf(part) === Array.prototype)
      return entries(part, note(part, new Array(part.length)))
    if (isPlainRecord(part)) return entries(part, note(part, {}))
    if (types.isMap(part) && Object.getPrototypeOf(part) === Map.prototype) {
      const map = note(part, new Map<unknown, unknown>())
      for (const [key, item] of part)
        map.set(
          at(keyOfMap, () => copy(key)),
          at(typeof key === 'string' ? { get: key } : itemOf, () => copy(item)),
        )
      return map
    }
    if (types.isSet(part) && Object.getPrototypeOf(part) === Set.prototype) {
      const set = note(part, new Set<unknown>())
      for (const item of part) set.add(at(itemOf, () => copy(item)))
      return set
    }
    return leaf(part)
  }

  function entries(from: object, to: object): object {
    for (const key of Object.keys(from)) {
      const index = Array.isArray(from) ? arrayIndex(key) : undefined
      const read = () => copy((from as Record<string, unknown>)[key])
      define(to as Record<string, unknown>, key, at(index ?? key, read))
    }
    return to
  }

  function at<T>(step: Step, body: () => T): T | string {
    steps.push(step)
    try {
      return body()
    } catch (problem) {
      return inPlaceOf(problem) // A getter has thrown.
    } finally {
      steps.pop()
    }
  }

  function note<T extends object>(part: object, made: T): T {
    done.set(part, made)
    return made
  }

  function leaf(part: unknown): unknown {
    try {
      encode(part, pathOf(root, steps))
      return part
    } catch (problem) {
      return inPlaceOf(problem)
    }
  }

  return copy(value)
}
