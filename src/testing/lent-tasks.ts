/**
 * The tasks that the tests of lent channel ends call; a module of its own, as workers must import
 * it.
 */
import { appendFileSync, readFileSync, writeSync } from 'node:fs'
import { Channel } from '../channel/channel.ts'
import type { Receiver, Sender } from '../channel/ends.ts'
import { select } from '../channel/select.ts'
import { currentExecutor } from '../executor/current-executor.ts'
import { runtime } from '../runtime/runtime.ts'
import { context } from '../task/context.ts'
import { task } from '../task/task.ts'

export { cancelAfter, collect, sendNumbers, sendUntilRefused } from './suite/channel-tasks.ts'

/**
 * Puts a number down in a file, at once: whatever ends this worker, and whenever, it stands there.
 * No memory is shared with another process.
 */
export function note(path: string, n: number): void {
  const four = Buffer.alloc(4)
  four.writeInt32LE(n)
  appendFileSync(path, four)
}

/** What was put down there, in order. */
export function noted(path: string): number[] {
  const bytes = readFileSync(path)
  return Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readInt32LE(4 * at))
}

/** Notes what it sends without an end, until it is told to stop. */
export const sendForEver = task(
  import.meta,
  async function sendForEver(sender: Sender<number>, sent: string): Promise<void> {
    for (let n = 0; ; n += 1) {
      await sender.send(n)
      note(sent, n)
    }
  },
)

/** What a task does in the middle of its items. */
export type Then = 'exit' | 'wait' | 'hang' | 'return' | 'crash' | 'kill' | 'abort'

/** Notes what it received, then ends its worker in the middle of the stream, or waits for ever. */
export const takeThen = task(
  import.meta,
  async function takeThen(
    receiver: Receiver<number>,
    most: number,
    taken: string,
    then: Then,
  ): Promise<void> {
    for (let count = 0; count < most; count += 1) note(taken, await receiver.receive())
    await doThen(then)
  },
)

/**
 * The same, as fast as it can and without waiting; the last item is noted before anything else can
 * happen.
 */
export const tryTakeThen = task(
  import.meta,
  async function tryTakeThen(
    receiver: Receiver<number>,
    most: number,
    taken: string,
    then: Then,
  ): Promise<void> {
    for (let count = 0; count < most; ) {
      const got = receiver.tryReceive()
      if (got === undefined) await runtime().yieldToLoop()
      else {
        note(taken, got.value)
        count += 1
      }
    }
    await doThen(then)
  },
)

/** Takes from one and sends large items to the other, all the time; notes what it took. */
export const takeAndShout = task(
  import.meta,
  async function takeAndShout(
    receiver: Receiver<number>,
    shouts: Sender<string>,
    taken: string,
  ): Promise<void> {
    const shouting = (async () => {
      for (;;) await shouts.send('x'.repeat(300_000))
    })()
    shouting.catch(() => {})
    for await (const n of receiver) note(taken, n)
  },
)

/** Sends a number, lets it leave, and notes it; without an end. */
export const sendAndNote = task(
  import.meta,
  async function sendAndNote(sender: Sender<number>, left: string): Promise<void> {
    for (let n = 0; ; n += 1) {
      await sender.send(n)
      await runtime().yieldToLoop()
      note(left, n)
    }
  },
)

/** Sends them, all in one turn, and ends its worker within it. */
export const sendAndExitAtOnce = task(
  import.meta,
  async function sendAndExitAtOnce(sender: Sender<number>, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await sender.send(n)
    process.exit(3)
  },
)

/**
 * Waits as a receiver in all the ways that end: a time limit, a signal, a select; then takes one.
 */
export const waitInVain = task(
  import.meta,
  async function waitInVain(receiver: Receiver<number>, sender: Sender<number>): Promise<unknown[]> {
    const told = (waiting: Promise<unknown>) =>
      waiting.then(
        value => value,
        (error: Error) => error.name,
      )
    const leave = new AbortController()
    const left = told(receiver.receive({ signal: leave.signal }))
    leave.abort()
    const outcomes = [
      await told(receiver.receive({ timeoutMs: 1 })),
      await left,
      await told(select([receiver.receiving()], { timeoutMs: 1 })),
      await told(select([receiver.receiving()], { otherwise: () => 'nothing' })),
    ]
    await sender.send(0)
    outcomes.push(await receiver.receive())
    // Until there is no room, neither over there nor on the way.
    while ((await told(sender.send(0, { timeoutMs: 30 }))) === undefined);
    outcomes.push(await told(sender.send(1, { timeoutMs: 1 })))
    outcomes.push(await told(select([sender.sending(1)], { timeoutMs: 1 })))
    return outcomes
  },
)

/** Writes bytes where this process's messages go, then holds its end. */
export const forge = task(
  import.meta,
  async function forge(
    receiver: Receiver<number>,
    most: number,
    taken: string,
    frame: Uint8Array,
  ): Promise<void> {
    for (let count = 0; count < most; count += 1) note(taken, await receiver.receive())
    writeSync(3, frame)
    await new Promise(() => {})
  },
)

export const exitNow = task(import.meta, function exitNow(): void {
  process.exit(3)
})

export const nothing = task(import.meta, function nothing(..._: unknown[]): void {})

/** Lends the end of a channel of its own to another call of its pool. */
export const lendOwn = task(import.meta, async function lendOwn(): Promise<unknown> {
  const own = new Channel<unknown>(5)
  return currentExecutor()
    .run(nothing, own.sender)
    .then(
      () => 'lent',
      (error: Error) => error.message,
    )
})

export const sendThenExit = task(
  import.meta,
  async function sendThenExit(sender: Sender<number>, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await sender.send(n)
    await runtime().yieldToLoop()
    process.exit(3)
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

async function doThen(then: Then): Promise<void> {
  if (then === 'exit') process.exit(3)
  if (then === 'kill') process.kill(process.pid, 'SIGKILL')
  if (then === 'abort') process.abort()
  if (then === 'crash') {
    runtime().soon(() => {
      throw new RangeError('nobody catches it')
    })
    await new Promise(() => {})
  }
  if (then === 'wait') await cancelled(context().signal)
  if (then === 'hang') await new Promise(() => {})
}

function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
