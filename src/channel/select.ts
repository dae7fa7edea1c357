/** `select`: whichever of several channels is ready first, of those that are ready any. */
import { checkFunction, checkMs, checkOptions, checkSignal, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { stoppedStrand } from '../runtime/strand.ts'
import { type Chosen, Selection } from './line.ts'

/** What every case is, whatever comes out of it. */
export interface AnyCase {
  /** Does it, if that is possible without waiting. */
  attempt(): { readonly value: unknown } | undefined
  /** Stands in line for it. */
  enlist(selection: Selection, at: number): void
}

/**
 * One thing that `select` may do; made by `receiver.receiving(…)` and `sender.sending(…)`. Use it
 * once or often.
 */
export interface SelectCase<R> extends AnyCase {
  /** What `select` resolves to when this was done. */
  conclude(value: unknown): R
}

/** What a `select` may be told. */
export interface SelectOptions<O> {
  /** Ends the wait when it aborts, with its reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** Ends the wait after so many milliseconds, with a TimeoutError. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /** Called when no case is ready, instead of waiting. Default: it waits. */
  readonly otherwise?: (() => O) | undefined
}

const selectOptionNames = optionNames<SelectOptions<unknown>>({
  signal: true,
  timeoutMs: true,
  otherwise: true,
})

/** `AnyCase`, as a `SelectCase<unknown>` would have the compiler infer `unknown` for each. */
type Cases = readonly (AnyCase | false | null | undefined)[]
type ResultOf<Case> = Case extends SelectCase<infer R> ? Awaited<R> : never

/**
 * Does exactly one of several things, whichever is possible first, and resolves to what its
 * function returns (a receive without a function: to the item).
 *
 * Of cases that are ready together each has the same chance, so none starves; the others have no
 * effect. A case that is `false` or `undefined` is left out, so `[open && channel.receiving(…)]`
 * switches one on and off. With `otherwise`, it never waits.
 *
 * A case whose channel has ended counts as ready: its `ended` function is called, or, if it has
 * none, `select` rejects with what `receive` would. Sending to a closed channel rejects with
 * ChannelClosedError.
 *
 * @throws OptionError if no case is left
 * @example
 *     const line = await select([
 *       urgent.receiving(job => `urgent ${job}`),
 *       ordinary.receiving(job => `ordinary ${job}`, () => 'no more'),
 *       results.sending(found, () => 'sent'),
 *     ], { timeoutMs: 1_000 })
 */
export function select<C extends Cases, O = never>(
  cases: C,
  options: SelectOptions<O> = {},
): Promise<ResultOf<C[number]> | Awaited<O>> {
  const wanted = checkCases(cases)
  options = checkOptions('select(cases, …)', options, selectOptionNames)
  const { otherwise, signal, timeoutMs } = options
  checkSignal('select(…, { signal })', signal)
  if (timeoutMs !== undefined) checkMs('select(…, { timeoutMs })', timeoutMs)
  if (wanted.length === 0 && otherwise === undefined)
    throw new OptionError(
      'select(cases) got no case, and would wait for ever. Give it one, as channel.receiving(), or { otherwise: () => … }.',
    )
  if (otherwise !== undefined) checkFunction('select(…, { otherwise })', otherwise, '() => undefined')
  return selectOne(wanted as unknown as SelectCase<ResultOf<C[number]>>[], options) as Promise<
    ResultOf<C[number]> | Awaited<O>
  >
}

/** @throws OptionError */
function checkCases(cases: Cases): AnyCase[] {
  const example = 'select([channel.receiving(), other.sending(item)])'
  if (!Array.isArray(cases))
    throw new OptionError(`select(cases) takes a list, as ${example}; it got ${shown(cases)}.`)
  const wanted = (cases as Cases).filter(one => one !== false && one != null)
  for (const one of wanted)
    if (typeof one.attempt !== 'function' || typeof one.enlist !== 'function')
      throw new OptionError(`select(cases) takes cases, as ${example}; one is ${shown(one)}.`)
  return wanted
}

async function selectOne<R, O>(
  cases: readonly SelectCase<R>[],
  { signal, timeoutMs, otherwise }: SelectOptions<O>,
): Promise<Awaited<R> | Awaited<O>> {
  signal?.throwIfAborted()
  const stopped = stoppedStrand()
  if (stopped !== undefined) throw stopped.reason
  const first = Math.floor(runtime().random() * cases.length)
  for (let tried = 0; tried < cases.length; tried += 1) {
    const one = cases[(first + tried) % cases.length] as SelectCase<R>
    const done = one.attempt()
    if (done !== undefined) return await one.conclude(done.value)
  }
  if (otherwise !== undefined) return await otherwise()
  const selection = new Selection()
  const parked = park<Chosen>('the first of several channels', cases, {
    signal,
    timeoutMs,
    onGivenUp: () => selection.leave(),
  })
  if (parked.state === 'waiting') {
    selection.parked = parked
    for (const [at, one] of cases.entries()) one.enlist(selection, at)
  }
  const { at, value } = await parked.promise
  return await (cases[at] as SelectCase<R>).conclude(value)
}
