/** The tasks of lent-blocking.test.ts: they stop their thread for a channel. */
import { MessageChannel, threadId } from 'node:worker_threads'
import { Channel } from '../channel/channel.ts'
import type { Receiver, Sender } from '../channel/ends.ts'
import { currentExecutor } from '../executor/current-executor.ts'
import { endAgent, newAgent } from '../runtime/agents.ts'
import type { Event } from '../sync/event.ts'
import type { SharedArray } from '../sync/shared-array.ts'
import { task } from '../task/task.ts'
import { FarReceiver } from '../wire/lent/far-receiver.ts'
import { newLinkWords } from '../wire/lent/link-words.ts'
import { PortLink } from '../wire/lent/port-link.ts'

/** Receives until the end. */
export const collectSync = task(import.meta, (receiver: Receiver<number>): number[] => {
  const items: number[] = []
  try {
    for (;;) items.push(receiver.receiveSync())
  } catch (error) {
    if ((error as { code?: string }).code === 'ATONCE_CHANNEL_CLOSED') return items
    throw error
  }
})

export const sendAllSync = task(import.meta, (sender: Sender<number>, count: number): void => {
  for (let n = 0; n < count; n += 1) sender.sendSync(n)
  sender.close()
})

/** Asks, and waits for each answer; `sent` says how a question leaves. */
export const askSync = task(
  import.meta,
  async (
    questions: Sender<number>,
    answers: Receiver<number>,
    count: number,
    sent: 'blocking' | 'awaited',
  ): Promise<number> => {
    let sum = 0
    for (let n = 1; n <= count; n += 1) {
      if (sent === 'blocking') questions.sendSync(n)
      else await questions.send(n)
      sum += answers.receiveSync()
    }
    return sum
  },
)

export const answerSync = task(
  import.meta,
  (questions: Receiver<number>, answers: Sender<number>, count: number): void => {
    for (let n = 1; n <= count; n += 1) answers.sendSync(2 * questions.receiveSync())
  },
)

/** Says that it begins, then receives once. */
export const receiveOnce = task(
  import.meta,
  (receiver: Receiver<number>, begun: Event, timeoutMs: number | undefined): number => {
    begun.set()
    return receiver.receiveSync(timeoutMs === undefined ? undefined : { timeoutMs })
  },
)

/** Sends until it is stopped; says when it has begun. */
export const sendOn = task(
  import.meta,
  (sender: Sender<number>, begun: Event, timeoutMs: number | undefined): void => {
    for (let n = 0; ; n += 1) {
      sender.sendSync(n, timeoutMs === undefined ? undefined : { timeoutMs })
      begun.set()
    }
  },
)

export const whichThread = task(import.meta, () => threadId)

export const sendBehindOthers = task(import.meta, async (sender: Sender<number>): Promise<string> => {
  while (sender.trySend(0));
  const first = sender.send(1)
  let refused = 'not refused'
  try {
    sender.sendSync(2)
  } catch (error) {
    refused = (error as { code: string }).code
  }
  await first
  sender.sendSync(3)
  return refused
})

/** What a thread is told that stops for a channel of its own. */
export const blockOnOwn = task(import.meta, (): string[] => {
  const channel = new Channel<number>(1)
  return [() => channel.sender.sendSync(1), () => channel.receiver.receiveSync()].map(call => {
    try {
      call()
      return 'not refused'
    } catch (error) {
      return (error as Error).message
    }
  })
})

/** Lends its own channel to a call that runs on this very thread, as there is no other. */
export const lendToOwnThread = task(
  import.meta,
  async (begun: Event): Promise<number | undefined> =>
    currentExecutor()?.run(receiveOnce, new Channel<number>(1).receiver, begun, undefined),
)

/** Receives twice from a thread that has died after it had sent one item. */
export const receiveFromTheDead = task(import.meta, (): (number | string)[] => {
  const owner = newAgent().id
  const { port1: near, port2: far } = new MessageChannel()
  const link = new PortLink(far, newLinkWords(owner), 'far', 1)
  const receiver = new FarReceiver<number>('a channel', 4, link)
  near.postMessage({ kind: 'yieldedOne', seq: 0, value: 7, special: false, weight: 1 })
  endAgent(owner)
  const first = receiver.receiveSync()
  try {
    return [first, receiver.receiveSync({ timeoutMs: 20_000 })]
  } catch (error) {
    return [first, (error as { code: string }).code]
  }
})

/** Waits for the second item, and notes in `told` that it was told of the end. */
export const waitForSecond = task(
  import.meta,
  (receiver: Receiver<number>, told: SharedArray<'i32'>, both: Event): void => {
    receiver.receiveSync()
    told.view[0] = 1
    both.set()
    try {
      receiver.receiveSync()
    } finally {
      told.view[0] = 2
    }
  },
)

/** Lends its own channel to `waitForSecond`, and dies while that waits. */
export const lendAndDie = task(import.meta, async (told: SharedArray<'i32'>, both: Event): Promise<void> => {
  const channel = new Channel<number>(1)
  const waiting = currentExecutor()?.run(waitForSecond, channel.receiver, told, both)
  waiting?.then(
    () => {},
    () => {},
  )
  await channel.send(1)
  await both.wait()
  process.exit(3)
})

/** Sends, and stops its thread for a lock of another kind before the item would have left. */
export const sendThenStop = task(import.meta, async (sender: Sender<string>, heard: Event): Promise<void> => {
  await sender.send('sent')
  heard.waitSync({ timeoutMs: 20_000 })
})
