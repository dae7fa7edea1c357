/** Workers around a queue, as threads were used before there were pools. */
import { Channel, type Executor, type Receiver, type Sender, scope } from '../src/index.ts'

/**
 * Begins `work` once on each worker; all of them take items from one channel and put what they find
 * into another, from which this yields in the order of finding. Neither channel holds more than
 * twice the workers. A worker that fails ends the loop with its error; leaving the loop ends the
 * workers.
 */
export async function* fedByQueue<Item, Found>(
  pool: Executor,
  items: Iterable<Item>,
  work: (on: Executor, items: Receiver<Item>, found: Sender<Found>) => PromiseLike<unknown>,
): AsyncGenerator<Found, void> {
  const [left, found] = [new Channel<Item>(2 * pool.workers), new Channel<Found>(2 * pool.workers)]
  const all = scope(async s => {
    s.spawn(async () => {
      for (const item of items) await left.send(item)
      left.close()
    })
    s.spawn(async () => {
      const on = pool.with({ signal: s.signal })
      await Promise.all(Array.from({ length: pool.workers }, () => work(on, left.receiver, found.sender)))
      found.close()
    })
  })
  const ended = all.catch((error: Error) => found.close(error)) // Else the loop below would wait for ever.
  try {
    yield* found
  } finally {
    found.cancel() // If the loop was left, senders would wait for ever, too.
    await ended
  }
}
