import { Effect, Fiber, Queue } from 'effect'
import { same } from '../loop-work.ts'
import type { LoopRival } from '../rival.ts'

const rival: LoopRival = {
  map: (inputs, concurrency) =>
    Effect.runPromise(Effect.forEach(inputs, input => Effect.promise(() => same(input)), { concurrency })),
  join: (fn, children) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const effect = Effect.promise(fn)
        const fibers = []
        for (let started = 0; started < children; started += 1) fibers.push(yield* Effect.forkChild(effect))
        yield* Fiber.joinAll(fibers)
      }),
    ),
  pass: (items, capacity) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const queue = yield* Queue.bounded<number>(capacity)
        const receiving = yield* Effect.forkChild(
          Effect.gen(function* () {
            let sum = 0
            for (let count = 0; count < items; count += 1) sum += yield* Queue.take(queue)
            return sum
          }),
        )
        for (let item = 0; item < items; item += 1) yield* Queue.offer(queue, item)
        return yield* Fiber.join(receiving)
      }),
    ),
}
export default rival
