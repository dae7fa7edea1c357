/** One fault, and what has to be seen of it. */
import type { Expectation } from './expect.ts'
import type { Stage } from './stage.ts'
import type { Feature, Pool, PoolOptions, WorkerModel } from './subject.ts'

/** Starts a call; what it throws at once counts as its rejection. */
export type Call = (pool: Pool, stage: Stage) => Promise<unknown>

/** How the main program ends. */
export type Ending = { readonly exitCode: number } | { readonly signal: NodeJS.Signals }

export interface Row {
  /** Unique, in lower case with hyphens. */
  readonly name: string
  /** What goes wrong, in one line. */
  readonly fault: string
  /** Part of the short form. */
  readonly short?: boolean
  readonly pool?: PoolOptions | ((stage: Stage) => PoolOptions)
  readonly needs?: readonly Feature[]
  /**
   * Another library may give a result here where this one refuses: a matter of its policy, no
   * damage.
   */
  readonly policy?: boolean
  /** The models that can't have this fault, or can't survive it, by their nature; and why. */
  readonly inherent?: Readonly<Partial<Record<WorkerModel, string>>>

  /** The call that meets the fault. */
  readonly running: Call
  /** A call made right after it, which waits behind it. Default: an echo. `null`: none. */
  readonly queued?: Call | null
  /** What happens once both were made: a signal, an abort. */
  readonly meanwhile?: (stage: Stage) => unknown
  /** What is waited for when the first two calls have settled. */
  readonly before?: (stage: Stage) => unknown
  /** A call made after all that. Default: an echo. `null`: none. */
  readonly later?: Call | null
  /** Ends the pool instead of `pool.close(graceMs)`. `null`: the pool is never closed. */
  readonly close?: ((pool: Pool) => Promise<unknown>) | null

  readonly expect: {
    readonly running: Expectation
    /** Default: its echo. */
    readonly queued?: Expectation
    /** Default: its echo. */
    readonly later?: Expectation
    /** How the main program ends; default: exit code 0, by itself. */
    readonly program?: Ending
  }

  /**
   * The time within which calls must settle and the pool must close; the suite's own limit if that
   * is longer.
   */
  readonly limitMs?: number
  /** How long close() may take, beyond the slack that every row has. Default 500. */
  readonly closeGraceMs?: number
  /** How the main program is started. */
  readonly program?: ProgramOptions
}

export interface ProgramOptions {
  /** Options of Node. */
  readonly flags?: readonly string[]
  /** Shell commands before it: `ulimit -n 64`. */
  readonly shell?: string
  readonly environment?: Readonly<Record<string, string>>
}

export const defaultCloseGraceMs = 500
