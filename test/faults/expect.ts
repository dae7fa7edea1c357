/** What a row declares to be right: a sentence for people, and a judge for outcomes. */
import { isDeepStrictEqual } from 'node:util'
import { describe, type Outcome, type Problem } from './observation.ts'
import type { WorkerModel } from './subject.ts'

export interface Expectation {
  readonly text: string
  judge(outcome: Outcome, model: WorkerModel): Problem | undefined
}

/** The call gives exactly this value, or one that `holds` accepts. */
export function resolves(
  value: unknown,
  holds: (got: any) => boolean = got => isDeepStrictEqual(got, value),
): Expectation {
  return {
    text: 'the value',
    judge(outcome) {
      if (outcome.kind === 'error')
        return { kind: 'refused', text: `expected a value, got ${describe(outcome)}` }
      if (outcome.kind === 'value' && !safely(holds, outcome.value))
        return { kind: 'corrupted', text: `another value than was sent: ${describe(outcome)}` }
      return pending(outcome)
    },
  }
}

/** The call fails with atonce's error of this code, whose own properties include `details`. */
export function rejects(code: string, details: Readonly<Record<string, unknown>> = {}): Expectation {
  const full = `ATONCE_${code}`
  return {
    text: code,
    judge(outcome) {
      if (outcome.kind === 'value')
        return { kind: 'swallowed', text: `expected ${code}, got the result ${describe(outcome)}` }
      if (outcome.kind === 'pending') return pending(outcome)
      const wrong = (text: string): Problem => ({ kind: 'wrong error', text: `expected ${code}, ${text}` })
      const error = outcome.error as Record<string, unknown>
      if (!(outcome.error instanceof Error) || error['code'] !== full)
        return wrong(`got ${describe(outcome)}`)
      for (const [key, value] of Object.entries(details)) {
        const got = key === 'cause' && error['cause'] instanceof Error ? error['cause'].message : error[key]
        if (!isDeepStrictEqual(got, value))
          return wrong(`whose ${key} is ${String(value)}; its ${key} is ${String(got)}`)
      }
      return undefined
    },
  }
}

/** The call fails with the task's own error, and `whole` finds every part of it. */
export function throws(text: string, whole: (error: any) => boolean): Expectation {
  return {
    text,
    judge(outcome) {
      if (outcome.kind === 'value')
        return { kind: 'swallowed', text: `expected ${text}, got the result ${describe(outcome)}` }
      if (outcome.kind === 'error' && !safely(whole, outcome.error))
        return { kind: 'lost', text: `expected ${text}, whole; got ${describe(outcome)}` }
      return pending(outcome)
    },
  }
}

/**
 * The value can't cross: the call fails and names the path (any, if none is given), or else gives
 * back the very value that was sent.
 */
export function refuses(sent: unknown, path?: string): Expectation {
  const refusal = rejects('SERIALIZATION', path === undefined ? {} : { path })
  return {
    text: `SERIALIZATION ${path ?? ''}`.trim(),
    judge(outcome, model) {
      const corrupted = outcome.kind === 'value' && !isDeepStrictEqual(outcome.value, sent)
      if (corrupted) return { kind: 'corrupted', text: `arrived, in silence, as ${describe(outcome)}` }
      return refusal.judge(outcome, model)
    },
  }
}

/** Any of these is right; the first one's problem is reported. */
export function either(...expectations: readonly [Expectation, ...Expectation[]]): Expectation {
  return {
    text: expectations.map(expected => expected.text).join(' or '),
    judge(outcome, model) {
      const problems = expectations.map(expected => expected.judge(outcome, model))
      return problems.includes(undefined) ? undefined : problems[0]
    },
  }
}

/** The model makes a difference that no library can take away; each row that uses it says why. */
export function byModel(threads: Expectation, processes: Expectation): Expectation {
  return {
    text:
      threads.text === processes.text
        ? threads.text
        : `${threads.text} (threads), ${processes.text} (processes)`,
    judge: (outcome, model) => (model === 'threads' ? threads : processes).judge(outcome, model),
  }
}

/** Whatever it is, it comes. */
export function settles(): Expectation {
  return { text: 'any end', judge: pending }
}

/** What has not even the shape that a check looks for does not pass it. */
function safely(holds: (got: any) => boolean, got: unknown): boolean {
  try {
    return holds(got)
  } catch {
    return false
  }
}

function pending(outcome: Outcome): Problem | undefined {
  return outcome.kind === 'pending' ? { kind: 'hang', text: 'still pending at the limit' } : undefined
}
