/**
 * A scope: children run beside each other, and none outlives it.
 *
 *     open ──body returned──▶ closing ──last child ended──▶ over
 *       └──failure, deadline, cancel──▶ cancelled ──all ended, or graceMs passed──▶ over
 *
 * What it throws is decided in one place, `#outcome`, when it is over.
 */
import {
  checkFlag,
  checkFunction,
  checkMs,
  checkOptions,
  checkSignal,
  type OptionNames,
  optionNames,
  shown,
} from '../../checks.ts'
import { AbortError, ClosedError, OptionError, TimeoutError, UnresponsiveError } from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import { Look } from '../../live/look.ts'
import { listLive } from '../../live/register.ts'
import type { LiveNode } from '../../live/tree.ts'
import { Limit, timerIn } from '../../runtime/limit.ts'
import { type Parked, park, reasonsOf } from '../../runtime/park.ts'
import { type Runtime, runtime, type Timer } from '../../runtime/runtime.ts'
import { currentStrand, Strand, withStrand } from '../../runtime/strand.ts'
import { type AnyFunction, assertTask, nameOf, type Result, type Task } from '../../task/task.ts'
import { publishScopeUnresponsive } from '../../trace.ts'
import { type Child, type ChildContext, isCancellation, type Owner, ScopeChild } from './child.ts'
import { scopeNodes, scopesIn } from './live.ts'

/** What a scope may be told. */
export interface ScopeOptions {
  /** Its time limit in ms; then it is cancelled and throws a TimeoutError. Default: none. */
  readonly timeoutMs?: number | undefined
  /** Cancels the scope when it aborts; the scope then throws its reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** How long a cancelled scope waits for children that do not stop. Default 5,000 ms. */
  readonly graceMs?: number | undefined
  /** Shown in errors, and by whatever lists what runs. Default: `scope` and a number. */
  readonly name?: string | undefined
  /**
   * Ignores cancellation from outside, for a clean-up that waits. Needs `timeoutMs`. Default:
   * false.
   */
  readonly shielded?: boolean | undefined
}

export const scopeOptionNames: OptionNames<ScopeOptions> = optionNames<ScopeOptions>({
  timeoutMs: true,
  signal: true,
  graceMs: true,
  name: true,
  shielded: true,
})
const spawnOptionNames = optionNames<{ name?: string }>({ name: true })

/** What the body of a scope is given. */
export interface Scope {
  readonly name: string
  /** Aborts when the scope is cancelled. */
  readonly signal: AbortSignal
  /**
   * Starts a child, when the code that runs now has ended. What it waits for with atonce ends by
   * itself when it is cancelled; give the signal to everything else:
   * `s.spawn(({ signal }) => fetch(url, { signal }))`.
   *
   * Costs about as much as three to four bare promises (`npm run bench -- --only spawn-join`).
   * @throws OptionError if `fn` is not a function
   * @throws ClosedError if the scope is over
   * @throws AbortError if the scope was cancelled; `cause` is why
   */
  spawn<T>(
    fn: (child: ChildContext) => T | PromiseLike<T>,
    options?: { readonly name?: string },
  ): Child<Awaited<T>>
  /**
   * Runs a task on an executor as a child, cancelled and awaited with the scope. Throws like
   * `spawn`.
   */
  run<F extends AnyFunction>(executor: Executor, task: Task<F>, ...args: Parameters<F>): Child<Result<F>>
  /** Cancels the children and the body's waits. If the body still returns, its value counts. */
  cancel(reason?: unknown): void
  /** Sets a new deadline, counted from now; `Infinity` takes it away. Throws like `spawn`. */
  expireIn(timeoutMs: number): void
}

/**
 * Runs `body`, which starts children with `spawn`, and waits until all have ended. Nothing that was
 * started in a scope outlives it, unless it ignores its signal for longer than `graceMs`.
 *
 * The first failure, of a child or the body, cancels the rest. When all have stopped it is thrown
 * as itself; if others failed as well, while they were being cancelled too, all are thrown in an
 * AggregateError, the first one first. A failure that is caught around an awaited child still fails
 * the scope: catch it inside of the child, or in a scope of its own.
 *
 * Cancelled from outside (its signal, a scope or a task around) it throws the reason, whatever the
 * body returns; past its deadline a TimeoutError, which belongs to the outermost scope whose time
 * is up. Failures that happen on the way are thrown instead. A child that was cancelled is no
 * failure. A child that does not stop is reported as a process warning and on
 * `atonce.scope.unresponsive` while the scope waits, and named by an UnresponsiveError after
 * `graceMs`.
 *
 * Inside of it every wait of atonce without a signal of its own ends with the scope, and so does
 * one with a signal.
 *
 * @returns what `body` returns
 * @throws OptionError
 * @example
 *     const [user, posts] = await scope(async s => {
 *       const user = s.spawn(({ signal }) => loadUser(id, signal))
 *       const posts = s.spawn(({ signal }) => loadPosts(id, signal))
 *       return [await user, await posts]
 *     }, { timeoutMs: 2_000 })
 */
export function scope<T>(
  body: (s: Scope) => T | PromiseLike<T>,
  options: ScopeOptions = {},
): Promise<Awaited<T>> {
  options = checkOptions('scope(…)', options, scopeOptionNames)
  return openScope(body, options)
}

/** The same for callers that have checked the names of their options. */
export function openScope<T>(
  body: (s: Scope) => T | PromiseLike<T>,
  options: ScopeOptions,
): Promise<Awaited<T>> {
  const { signal, timeoutMs = Number.POSITIVE_INFINITY, graceMs = 5_000, shielded = false } = options
  checkFunction('scope(body)', body, 'async s => { … }')
  checkMs('scope(…, { timeoutMs })', timeoutMs)
  checkMs('scope(…, { graceMs })', graceMs)
  checkSignal('scope(…, { signal })', signal)
  checkFlag('scope(…, { shielded })', shielded)
  if (shielded && timeoutMs === Number.POSITIVE_INFINITY)
    throw new OptionError('A shielded scope needs a timeoutMs: nothing else could end it.')
  const around = currentStrand()
  if (signal?.aborted) return Promise.reject(signal.reason)
  if (around?.stopped && !shielded) return Promise.reject(around.reason)
  if (timeoutMs === 0)
    return Promise.reject(new TimeoutError(`${options.name ?? 'The scope'} has 0 ms: it was not begun.`, 0))
  return new OpenScope<Awaited<T>>(options, around).enter(body as (s: Scope) => Awaited<T>)
}

type Cancellation = 'by itself' | 'from outside' // Where it is not a failure that cancels it.

const reportMs = 5_000 // Longest time until children that do not stop are reported.

let scopes = 0

/** The scopes that are inside of no other. */
const outermost = new Set<OpenScope<any>>()

export function outermostScopes(): readonly OpenScope<any>[] {
  return [...outermost]
}

/** The running scopes that this look has not shown yet, outermost first. Walks over all of them. */
export function liveScopes(look: Look = new Look()): readonly LiveNode[] {
  return scopeNodes(outermostScopes(), look)
}

export class OpenScope<T> extends Strand implements Scope, Owner {
  readonly #runtime: Runtime = runtime()
  /** The signal that it was given; its time is `#deadline`, which can be moved. */
  readonly #outside: Limit | undefined
  readonly #graceMs: number
  readonly #shielded: boolean
  #over: Parked<T> | undefined
  /** Its children that have not ended: a list, linked through them. */
  #first: ScopeChild<any> | undefined
  #last: ScopeChild<any> | undefined
  #spawned = 0
  #body: 'running' | 'returned' | 'threw' = 'running'
  #value: T | undefined
  /** What children and body failed with, in order; a Set, as one error may come out of several. */
  #failures: Set<unknown> | undefined
  #cancelled: Cancellation | undefined
  /** What it throws if it was cancelled: the reason that came from outside, or its own. */
  #thrown: unknown
  #timeoutMs = Number.POSITIVE_INFINITY
  #deadlineMs = Number.POSITIVE_INFINITY
  #deadline: Timer | undefined
  #grace: Timer | undefined

  constructor({ name, signal, timeoutMs, graceMs, shielded }: ScopeOptions, around: Strand | undefined) {
    scopes += 1
    if (scopes === 1) listLive('scopes', liveScopes, scopesIn)
    super(name ?? `scope ${scopes}`, around)
    this.#outside = Limit.begin(
      { signal },
      { aborted: reason => this.#stopFromOutside(reason), timedOut() {} },
    )
    this.#graceMs = graceMs ?? 5_000
    this.#shielded = shielded ?? false
    if (timeoutMs !== undefined) this.#setDeadline(timeoutMs)
  }

  enter(body: (s: Scope) => T | PromiseLike<T>): Promise<T> {
    this.parent?.hold(this)
    if (!this.#isInside) outermost.add(this)
    const over = park<T>(`${this.name} to end`, this)
    this.#over = over
    let returned: Promise<T>
    try {
      // Within the strand: a future that the body returns is waited for as one that it awaits.
      returned = withStrand(this, () => Promise.resolve(body(this)))
    } catch (error) {
      this.#bodyThrew(error)
      return over.promise
    }
    returned.then(
      value => this.#bodyReturned(value),
      error => this.#bodyThrew(error),
    )
    return over.promise
  }

  spawn<R>(
    fn: (child: ChildContext) => R | PromiseLike<R>,
    options?: { readonly name?: string },
  ): Child<Awaited<R>> {
    checkFunction('spawn(fn)', fn, 's.spawn(({ signal }) => fetch(url, { signal }))')
    if (options !== undefined) options = checkOptions('spawn(…)', options, spawnOptionNames)
    this.#spawned += 1
    const name = options?.name ?? (fn.name || `child ${this.#spawned}`)
    this.#checkOpen(name)
    const child = new ScopeChild<Awaited<R>>(name, this, fn as (child: ChildContext) => Awaited<R>)
    child.previous = this.#last
    if (this.#last === undefined) this.#first = child
    else this.#last.next = child
    this.#last = child
    child.start()
    return child
  }

  run<F extends AnyFunction>(executor: Executor, task: Task<F>, ...args: Parameters<F>): Child<Result<F>> {
    assertTask(task)
    const name = nameOf(task)
    // The call ends with the child, as it is started in it.
    return this.spawn(() => executor.run(task, ...args), { name }) as Child<Result<F>>
  }

  cancel(reason?: unknown): void {
    if (this.#over?.state !== 'waiting') return
    const error = new AbortError(
      `${this.name} was cancelled.`,
      reason === undefined ? undefined : { cause: reason },
    )
    if (this.#cancelled === undefined) {
      this.#cancelled = 'by itself'
      this.#thrown = error
    }
    this.#stopAll(error)
  }

  expireIn(timeoutMs: number): void {
    checkMs('expireIn(timeoutMs)', timeoutMs)
    this.#checkOpen('a new deadline')
    this.#deadline?.cancel()
    this.#setDeadline(timeoutMs)
  }

  /** What is around was cancelled. */
  override stop(reason: unknown): void {
    if (!this.#shielded) this.#stopFromOutside(reason)
  }

  ended(child: ScopeChild<any>, failure: { readonly error: unknown } | undefined): void {
    if (child.previous === undefined) this.#first = child.next
    else child.previous.next = child.next
    if (child.next === undefined) this.#last = child.previous
    else child.next.previous = child.previous
    child.next = undefined
    child.previous = undefined
    if (failure !== undefined) this.#failed(failure.error, child.name)
    this.#checkOver()
  }

  /** Its children that have not ended, oldest first. */
  get children(): readonly ScopeChild<any>[] {
    const children: ScopeChild<any>[] = []
    for (let child = this.#first; child !== undefined; child = child.next) children.push(child)
    return children
  }

  /** Settles when it is over. */
  get whenOver(): Promise<unknown> {
    return this.#over?.promise ?? Promise.resolve()
  }

  get bodyRuns(): boolean {
    return this.#body === 'running'
  }

  /** Whether it is inside of another scope; if not, it may still be inside of a task. */
  get #isInside(): boolean {
    return this.parent instanceof OpenScope || this.parent instanceof ScopeChild
  }

  #checkOpen(what: string): void {
    if (this.#over?.state !== 'waiting') {
      throw new ClosedError(
        `${this.name} is over, so it can’t take ${what}. Spawn while its body or one of its children runs.`,
      )
    }
    if (this.stopped)
      throw new AbortError(`${this.name} was cancelled, so it can’t take ${what}.`, { cause: this.reason })
  }

  #bodyReturned(value: T): void {
    this.#body = 'returned'
    this.#value = value
    this.#checkOver()
  }

  #bodyThrew(error: unknown): void {
    this.#body = 'threw'
    if (!isCancellation(error, this)) this.#failed(error, 'its body')
    this.#checkOver()
  }

  #failed(error: unknown, name: string): void {
    if (this.#over?.state !== 'waiting') {
      return process.emitWarning(
        `${name} of ${this.name} failed after the scope had given it up: ${shown(error)}`,
        'AtonceWarning',
        'ATONCE_UNRESPONSIVE',
      )
    }
    this.#failures ??= new Set()
    this.#failures.add(error)
    if (this.stopped) return
    this.#stopAll(new AbortError(`${this.name} was cancelled because ${name} failed.`, { cause: error }))
  }

  #stopFromOutside(reason: unknown): void {
    if (this.#over?.state !== 'waiting' || this.#cancelled === 'from outside') return
    this.#cancelled = 'from outside'
    this.#thrown = reason
    this.#stopAll(reason)
  }

  #stopAll(reason: unknown): void {
    if (this.stopped) return
    super.stop(reason)
    for (const child of this.children) child.stop(reason)
    if (this.#over?.state !== 'waiting') return
    const graceMs = this.#graceMs
    const untilReportMs = Math.min(graceMs / 2, reportMs)
    this.#grace = this.#runtime.setTimer(untilReportMs, () => {
      if (graceMs > 0) this.#report(untilReportMs)
      this.#grace = this.#runtime.setTimer(graceMs - untilReportMs, () => this.#end(this.#left()))
    })
  }

  #setDeadline(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = this.#runtime.now() + timeoutMs
    this.#deadline = timerIn(timeoutMs, () => this.#outermostLate().#expire(), this.#runtime)
  }

  /** The outermost of this scope and those around it whose time is up: the error names that one. */
  #outermostLate(): OpenScope<any> {
    const nowMs = Math.max(this.#runtime.now(), this.#deadlineMs)
    let late: OpenScope<any> = this
    for (let strand: Strand | undefined = this; strand !== undefined; strand = strand.parent) {
      if (!(strand instanceof OpenScope)) continue
      if (strand.#deadlineMs <= nowMs) late = strand
      if (strand.#shielded) break
    }
    return late
  }

  #expire(): void {
    const running = this.#left().map(described).slice(0, 5).join(', ')
    this.#stopFromOutside(
      new TimeoutError(
        `${this.name} did not end within ${this.#timeoutMs} ms. Still running: ${running}.`,
        this.#timeoutMs,
      ),
    )
  }

  /** What has not ended: its body is the scope itself. */
  #left(): Strand[] {
    return this.bodyRuns ? [this, ...this.children] : [...this.children]
  }

  #report(sinceMs: number): void {
    const left = this.#left()
    publishScopeUnresponsive({ scope: this.name, children: left.map(nameIn), sinceMs })
    process.emitWarning(
      `${this.name} was cancelled ${sinceMs} ms ago and waits for what has not stopped: ${left.map(described).slice(0, 5).join(', ')}. ` +
        'Give what they wait for their signal: s.spawn(({ signal }) => fetch(url, { signal })).',
      'AtonceWarning',
      'ATONCE_UNRESPONSIVE',
    )
  }

  #checkOver(): void {
    if (this.#first === undefined && this.#body !== 'running') this.#end([])
  }

  /** Ends the scope; `left` are those that it gives up. */
  #end(left: readonly Strand[]): void {
    const over = this.#over
    if (over?.state !== 'waiting') return
    this.#deadline?.cancel()
    this.#grace?.cancel()
    this.#outside?.end()
    this.parent?.release(this)
    if (!this.#isInside) outermost.delete(this)
    const failure = this.#outcome(left)
    const value = this.#value as T
    // A context that was entered in it, as that of a connection, may outlive it for long: what came
    // out is not kept by that.
    this.#value = undefined
    this.#over = undefined
    if (failure === undefined) over.unpark(value)
    else over.failFor(failure.error)
  }

  /** What it throws, if anything: real errors first, then the cancellation. */
  #outcome(left: readonly Strand[]): { readonly error: unknown } | undefined {
    const errors = [...(this.#failures ?? [])]
    if (left.length > 0)
      errors.push(new UnresponsiveError(this.name, left.map(nameIn), this.#graceMs, { cause: this.reason }))
    if (errors.length > 1) {
      const message = `${this.name} failed with ${errors.length} errors; the first: ${shown(errors[0])}`
      return { error: new AggregateError(errors, message) }
    }
    if (errors.length === 1) return { error: errors[0] }
    if (this.#cancelled === 'from outside' || (this.#cancelled === 'by itself' && this.#body === 'threw'))
      return { error: this.#thrown }
    return undefined
  }
}

function nameIn(strand: Strand): string {
  return strand instanceof OpenScope ? 'its body' : strand.name
}

/** Its name, and what it waits for. */
function described(strand: Strand): string {
  const inner = strand.held.filter(one => one instanceof OpenScope).map(({ name }) => `${name} to end`)
  const reasons = [...reasonsOf(strand.held), ...inner]
  return reasons.length === 0 ? nameIn(strand) : `${nameIn(strand)} (waits for ${reasons.join(', ')})`
}
