/** The tasks of channel-behaviours.ts; a module of their own, as workers must import it. */
import type { Receiver, Sender } from '../../channel/ends.ts'
import { select } from '../../channel/select.ts'
import { task } from '../../task/task.ts'

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

/** Receives until it has `most`, and fails then, with that number; or until the end. */
export const failAfter = task(
  import.meta,
  async function failAfter(receiver: Receiver<unknown>, most: number): Promise<number> {
    let count = 0
    for await (const _ of receiver) {
      count += 1
      if (count === most) throw new RangeError(`failed after ${count}`)
    }
    return count
  },
)

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
    if (ending === 'fail') sender.close(new RangeError('the source there broke'))
    return to - from
  },
)

/**
 * Doubles what comes from one end into the other, by `select`; waits until all of it was received.
 */
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

/** Sums up what comes; the numbers are too many to be sent back. */
export const sumUp = task(import.meta, async function sumUp(receiver: Receiver<number>): Promise<number> {
  let sum = 0
  for await (const item of receiver) sum += item
  return sum
})

export const cancelAfter = task(
  import.meta,
  async function cancelAfter(receiver: Receiver<unknown>, count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await receiver.receive()
    receiver.cancel('far enough')
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
