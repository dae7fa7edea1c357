/** The work as atonce's tasks. */
import { move, type Receiver, type Sender, type Task, task } from 'atonce'
import { bump, bumpShared, countPrimes, identity, longestChain, occupy, type WorkName } from '../work.ts'

type Answering = (argument: any) => any

export const tasks: Record<WorkName, Task<Answering>> = {
  identity: task(import.meta, identity as Answering),
  countPrimes: task(import.meta, countPrimes as Answering),
  longestChain: task(import.meta, longestChain as Answering),
  bump: task(import.meta, bump as Answering),
  bumpShared: task(import.meta, bumpShared as Answering),
  occupy: task(import.meta, occupy as Answering),
}

/** `bump`, with the array moved back. */
export const bumpMoved: Task<(array: Float64Array<ArrayBuffer>) => Float64Array<ArrayBuffer>> = task(
  import.meta,
  (array: Float64Array<ArrayBuffer>) => move(bump(array)),
)

export const sumUp: Task<(receiver: Receiver<number>) => Promise<number>> = task(
  import.meta,
  async (receiver: Receiver<number>) => {
    let sum = 0
    for await (const item of receiver) sum += item
    return sum
  },
)

export const sendNumbers: Task<(sender: Sender<number>, items: number) => Promise<void>> = task(
  import.meta,
  async (sender: Sender<number>, items: number) => {
    for (let item = 0; item < items; item += 1) await sender.send(item)
    sender.close()
  },
)
