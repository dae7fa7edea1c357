/** The tasks that the tests of lent channel ends call; a module of its own, as workers must import it. */
import type { Receiver, Sender } from '../channel/ends.ts'
import { select } from '../channel/select.ts'
import { store } from '../runtime/atomics.ts'
import { runtime } from '../runtime/runtime.ts'
import { context } from '../task/context.ts'
import { task } from '../task/task.ts'

/** Sends from `from` up to `to`; closes at the end, if it shall, with an error if there is one. */
export const sendNumbers = task(
  import.meta,
  async function sendNumbers(
    sender: Sender<unknown>,
    from: number,
    to: number,
    ending: 'open' | 'close' | 'fail' = 'open',
  ): Promise<number> {
    for (let n = from; n < to; n += 1) await sender.send(n)
    if (ending === 'close') sender.close()
    if (ending === 'fail') sender.close(new RangeError('the far source broke'))
    return to - from
  },
)

/** Receives until the end, or until it has `most`. */
export const collect = task(
  import.meta,
  async function collect(
    receiver: Receiver<unknown>,
    most: number = Number.POSITIVE_INFINITY,
  ): Promise<unknown[]> {
    const items: unknown[] = []
    for await (const item of receiver) {
      items.push(item)
      if (items.length >= most) break
    }
    return items
  },
)

/** Sums up what comes; the numbers are too many to be sent back. */
export const sumUp = task(import.meta, async function sumUp(receiver: Receiver<number>): Promise<number> {
  let sum = 0
  for await (const item of receiver) sum += item
  return sum
})

/** Counts in shared memory what it sends without an end, until it is told to stop. */
export const sendForEver = task(
  import.meta,
  async function sendForEver(sender: Sender<number>, sent: Int32Array): Promise<void> {
    for (let n = 0; ; n += 1) {
      await sender.send(n)
      store(sent, 0, n + 1)
    }
  },
)

/** Notes in shared memory what it received, then ends its thread in the middle of the stream, or waits for ever. */
export const takeThen = task(
  import.meta,
  async function takeThen(
    receiver: Receiver<number>,
    most: number,
    taken: Int32Array,
    then: 'exit' | 'wait' | 'hang' | 'return',
  ): Promise<void> {
    for (let count = 0; count < most; count += 1) {
      store(taken, count + 1, await receiver.receive())
      store(taken, 0, count + 1)
    }
    if (then === 'exit') process.exit(3)
    if (then === 'wait') await cancelled(context().signal)
    if (then === 'hang') await new Promise(() => {})
  },
)

export const sendThenExit = task(
  import.meta,
  async function sendThenExit(sender: Sender<number>, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await sender.send(n)
    await runtime().yieldToLoop()
    process.exit(3)
  },
)

export const cancelAfter = task(
  import.meta,
  async function cancelAfter(receiver: Receiver<unknown>, count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await receiver.receive()
    receiver.cancel('far enough')
  },
)

/** Sends all at once, without waiting, as far as there is room; says how many found it. */
export const trySendAll = task(
  import.meta,
  async function trySendAll(sender: Sender<number>): Promise<number> {
    await sender.send(0)
    let count = 1
    while (sender.trySend(count)) count += 1
    return count
  },
)

/** Sends one after the other; returns the class of what stops it, and of its cause. */
export const sendUntilRefused = task(
  import.meta,
  async function sendUntilRefused(sender: Sender<number>): Promise<[string, string]> {
    try {
      for (let n = 0; ; n += 1) await sender.send(n)
    } catch (error) {
      return [(error as Error).name, String((error as Error).cause)]
    }
  },
)

export const sendFunction = task(
  import.meta,
  async function sendFunction(sender: Sender<unknown>): Promise<void> {
    await sender.send('first')
    await sender.send(() => 1).catch(error => sender.send((error as Error).message))
    await sender.send('last')
  },
)

export const giveBackEnd = task(import.meta, function giveBackEnd(end: unknown): unknown {
  return end
})

/** Doubles what comes from one end into the other, by `select`; waits until all of it was received. */
export const doubleAll = task(
  import.meta,
  async function doubleAll(from: Receiver<number>, to: Sender<number>): Promise<void> {
    let ended = false
    while (!ended) {
      await select([
        from.receiving(
          n => to.send(2 * n),
          () => {
            ended = true
          },
        ),
      ])
    }
    await to.drained()
    to.close()
  },
)

function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
