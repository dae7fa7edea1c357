/**
 * What becomes of the values that have come through all stages: a part for each chunk, on its
 * worker, and the parts put together on the caller's side, in the order of their chunks.
 *
 *     values ─▶ Part.take … ─▶ Part.value ─┊─▶ Whole.add ─▶ Whole.value
 */
import { OptionError } from '../errors.ts'
import { isThenable } from '../task/thenable.ts'
import { type Compare, merged, natural } from './order.ts'

export type EndingKind = 'list' | 'count' | 'reduce' | 'group' | 'countBy' | 'sort' | 'min' | 'max'

/** The task that comes with an ending: what combines, compares, or gives the key. */
export type Helper = ((...args: any[]) => unknown) | undefined

/**
 * Gives a value that stays as it is now, whatever the task that has made it does with it in its
 * next call; the value itself where nothing is copied.
 */
export type Keep = (value: unknown) => unknown

/** What a chunk comes to. What it holds while the next input is worked on, it keeps. */
export interface Part {
  take(value: unknown): unknown
  /** Copied to the caller. */
  value(): unknown
}

/** What all chunks come to. */
export interface Whole {
  add(part: unknown): unknown
  value(): unknown
}

interface Ending {
  part(helper: Helper, keep: Keep): Part
  whole(helper: Helper, keep: Keep): Whole
}

/** No value has come. */
type Some = { value: unknown } | undefined

const endings: Readonly<Record<EndingKind, Ending>> = {
  list: {
    part(_, keep) {
      const values: unknown[] = []
      return { take: value => void values.push(keep(value)), value: () => values }
    },
    whole() {
      const values: unknown[] = []
      return {
        add(part) {
          for (const value of part as unknown[]) values.push(value)
        },
        value: () => values,
      }
    },
  },
  count: {
    part: () => counter(() => 1),
    whole: () => counter(part => part as number),
  },
  reduce: {
    part: (helper, keep) => reducer(helper as Combine, keep, keep),
    whole: (helper, keep) => {
      // Parts, and what comes first, are nobody else's.
      const all = reducer(helper as Combine, value => value, keep)
      return {
        add: part => (part === undefined ? undefined : all.take((part as { value: unknown }).value)),
        value: all.value,
      }
    },
  },
  group: {
    part: (helper, keep) => {
      const { take, groups } = grouper(
        helper,
        keep,
        () => [] as unknown[],
        (group, value) => void group.push(value),
      )
      return { take, value: () => groups }
    },
    whole() {
      const groups = new Map<unknown, unknown[]>()
      return {
        add(part) {
          for (const [key, values] of part as Map<unknown, unknown[]>) {
            const group = groups.get(key)
            if (group === undefined) groups.set(key, values)
            else for (const value of values) group.push(value)
          }
        },
        value: () => groups,
      }
    },
  },
  countBy: {
    part: helper => {
      const { take, groups } = grouper(
        helper,
        value => value,
        () => ({ count: 0 }),
        group => {
          group.count += 1
        },
      )
      return { take, value: () => new Map([...groups].map(([key, { count }]) => [key, count])) }
    },
    whole() {
      const counts = new Map<unknown, number>()
      return {
        add(part) {
          for (const [key, count] of part as Map<unknown, number>)
            counts.set(key, (counts.get(key) ?? 0) + count)
        },
        value: () => counts,
      }
    },
  },
  sort: {
    part(helper, keep) {
      const values: unknown[] = []
      return {
        take: value => void values.push(keep(value)),
        value: () => values.sort(comparing(helper)),
      }
    },
    whole(helper) {
      const lists: unknown[][] = []
      return {
        add: part => void lists.push(part as unknown[]),
        value: () => merged(lists, comparing(helper)),
      }
    },
  },
  min: extreme((compared: number) => compared < 0),
  max: extreme((compared: number) => compared > 0),
}

export function partOf(kind: EndingKind, helper: Helper, keep: Keep): Part {
  return endings[kind].part(helper, keep)
}

export function wholeOf(kind: EndingKind, helper: Helper, keep: Keep): Whole {
  return endings[kind].whole(helper, keep)
}

function counter(weightOf: (value: unknown) => number): Part & Whole {
  let count = 0
  const take = (value: unknown) => {
    count += weightOf(value)
  }
  return { take, add: take, value: () => count }
}

type Combine = (one: unknown, other: unknown) => unknown

/**
 * Combines what it takes, in its order; its value is wrapped, so that nothing can be told from
 * `undefined`. A result that is one of the two it was made of is kept already: adding to a list in
 * place stays one step for each value.
 */
function reducer(combine: Combine, keep: Keep, keepResult: Keep): Part {
  let all: Some
  const combined = (one: unknown, other: unknown, result: unknown) => {
    all = { value: result === one || result === other ? result : keepResult(result) }
  }
  return {
    take(value) {
      const other = keep(value)
      if (all === undefined) {
        all = { value: other }
        return
      }
      const one = all.value
      const result = combine(one, other)
      if (isThenable(result)) return result.then(settled => combined(one, other, settled))
      combined(one, other, result)
    },
    value: () => all,
  }
}

function grouper<G>(
  keyOf: Helper,
  keep: Keep,
  newGroup: () => G,
  add: (group: G, value: unknown) => void,
): { readonly take: Part['take']; readonly groups: ReadonlyMap<unknown, G> } {
  const groups = new Map<unknown, G>()
  const put = (key: unknown, value: unknown) => {
    if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol')
      throw new OptionError(
        `groupBy and countBy take a task that gives a number, a text or another plain key; it gave ${typeof key}. ` +
          'Copies of one object are not the same key: give a field of it, or JSON.stringify(…).',
      )
    let group = groups.get(key)
    if (group === undefined) {
      group = newGroup()
      groups.set(key, group)
    }
    add(group, value)
  }
  return {
    take(value) {
      const kept = keep(value)
      const key = keyOf?.(kept)
      return isThenable(key) ? key.then(settled => put(settled, kept)) : put(key, kept)
    },
    groups,
  }
}

/** The first of those that no other one beats. */
function extreme(beats: (compared: number) => boolean): Ending {
  const best = (helper: Helper, keep: Keep): Part & Whole => {
    const compare = comparing(helper)
    let found: Some
    const take = (value: unknown) => {
      if (found === undefined || beats(compare(value, found.value))) found = { value: keep(value) }
    }
    return {
      take,
      add: part => part !== undefined && take((part as { value: unknown }).value),
      value: () => found,
    }
  }
  return { part: best, whole: best }
}

function comparing(helper: Helper): Compare {
  return (helper as Compare | undefined) ?? natural
}
