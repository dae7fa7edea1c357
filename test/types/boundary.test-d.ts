/**
 * The types of `shareable` and `propagated`: compiled, not run. What must not compile is marked.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { propagated, shareable } from '../../src/index.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

class Money {
  readonly #cents: number

  private constructor(cents: number) {
    this.#cents = cents
  }

  static of(cents: number): Money {
    return new Money(cents)
  }

  // A private constructor is not an obstacle, and both hooks know their types.
  static {
    shareable(import.meta, Money, {
      pack: money => ({ cents: money.#cents }),
      unpack: ({ cents }) => new Money(cents),
    })
  }
}

const Point = shareable(
  import.meta,
  class Point {
    x = 0
  },
)
same<InstanceType<typeof Point>['x'], number>(true)
const point: InstanceType<typeof Point> = new Point()

abstract class Shape {
  abstract area(): number
}
shareable(import.meta, Shape)

// @ts-expect-error: a record is not a class
shareable(import.meta, { x: 1 })
// @ts-expect-error: a class needs its module
shareable(Money)
// @ts-expect-error: what packs must unpack
shareable(import.meta, Money, { pack: (_: Money) => 1 })
// @ts-expect-error: unpack gets what pack has made
shareable(import.meta, Money, { pack: (_: Money) => 1, unpack: (data: string) => Money.of(data.length) })
// @ts-expect-error: unpack makes an instance of the class
shareable(import.meta, Money, { pack: (_: Money) => 1, unpack: (data: number) => data })

const requestId = propagated(import.meta, new AsyncLocalStorage<string>(), 'requestId')
same<typeof requestId, AsyncLocalStorage<string>>(true)
// @ts-expect-error: the store keeps its type
requestId.run(5, () => {})
// @ts-expect-error: a map is not a storage
propagated(import.meta, new Map())

void [point, requestId]
