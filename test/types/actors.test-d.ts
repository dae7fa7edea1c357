/** The types of actors and their refs: compiled, not run. What must not compile is marked. */
import { type ActorClass, actor, type Ref, type router, spawn, supervisor } from '../../src/actors.ts'
import { threads } from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

export const Counter = actor(
  import.meta,
  class Counter {
    count = 0
    #step: number

    constructor(start: number, step = 1) {
      this.count = start
      this.#step = step
    }

    add(n: number, note?: string): number {
      this.#bump(n)
      return this.count + (note?.length ?? 0)
    }

    async later(): Promise<string> {
      return 'later'
    }

    *rows(): Generator<number> {
      yield this.count
    }

    async *pages(): AsyncGenerator<string> {
      yield 'page'
    }

    stop(): void {}

    onStart(): void {}

    onStop(): void {}

    #bump(n: number): void {
      this.count += n * this.#step
    }
  },
)

const counter = await spawn(Counter, [1])
await spawn(Counter, [1, 2])

// ── asks and tells ──

same<Promise<number>, ReturnType<typeof counter.ask.add>>(true)
same<Promise<string>, ReturnType<typeof counter.ask.later>>(true)
same<AsyncIterableIterator<number>, ReturnType<typeof counter.ask.rows>>(true)
same<AsyncIterableIterator<string>, ReturnType<typeof counter.ask.pages>>(true)
same<boolean, ReturnType<typeof counter.tell.add>>(true)
same<'add' | 'later' | 'rows' | 'pages' | 'stop', keyof typeof counter.ask>(true)
same<'add' | 'later' | 'stop', keyof typeof counter.tell>(true) // A stream that nobody reads does nothing.
counter.tell.stop() // A method of the class; the actor's own end is counter.stop().
// @ts-expect-error A number is asked for.
counter.ask.add('1')
// @ts-expect-error An argument is missing.
counter.tell.add()
// @ts-expect-error A field is not a message.
counter.ask.count
// @ts-expect-error Hooks are called by the system alone.
counter.tell.onStop()
// @ts-expect-error There is no such method.
counter.ask.subtract(1)
// @ts-expect-error An answer comes by a promise.
const now: number = counter.ask.add(1)

// ── starting ──

const tree = supervisor({ strategy: 'one_for_all', onError: [[RangeError, 'resume']] })
same<typeof counter, Awaited<ReturnType<typeof tree.start<InstanceType<typeof Counter>, [number, number?]>>>>(
  true,
)
await tree.start(Counter, [1], { on: threads(), name: 'one', restart: 'transient' })
// @ts-expect-error The constructor takes a number.
tree.start(Counter, ['1'])
// @ts-expect-error The constructor takes at least one argument.
tree.start(Counter, [])
// @ts-expect-error There is no such restart type.
tree.start(Counter, [1], { restart: 'always' })
// @ts-expect-error There is no such strategy.
supervisor({ strategy: 'one_for_some' })
// @ts-expect-error There is no such verdict.
supervisor({ onError: [[RangeError, 'ignore']] })
class Plain {
  add(): void {}
}
// @ts-expect-error The class was not declared as an actor's.
spawn(Plain, [])

// ── refs ──

/** Who needs a part of an actor takes a ref of that part. */
function needsAdd(ref: Ref<{ add(n: number): number }>): void {
  ref.tell.add(1)
}
needsAdd(counter)
declare const other: Ref<{ add(text: string): string }>
// @ts-expect-error The other actor takes texts.
needsAdd(other)
same<typeof counter, ReturnType<typeof router<InstanceType<typeof Counter>>>>(true)
const withLimits: typeof counter = counter.with({ timeoutMs: 10 })
const cls: ActorClass<{ add(n: number): number }, [number]> = Counter as never

export { cls, now, withLimits }
