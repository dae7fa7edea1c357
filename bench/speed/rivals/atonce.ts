/** atonce as it is built in dist/; its two models of workers are one interface. */
import { Channel, type Executor, move } from 'atonce'
import type { Rival } from '../rival.ts'
import { bumpMoved, sendNumbers, sumUp, tasks } from './atonce-tasks.ts'

/**
 * All workers are started beforehand, as those of the others are; by default they start when there
 * is work for them.
 */
export function atonce(open: (options: { workers: number; minWorkers: number }) => Executor): Rival {
  return {
    start(workers) {
      const pool = open({ workers, minWorkers: workers })
      return {
        run: (name, argument) => pool.run(tasks[name], argument),
        map: (name, inputs) => pool.map(tasks[name], inputs),
        copy: array => pool.run(tasks.bump, array),
        move: array => pool.run(bumpMoved, move(array)),
        share: array => pool.run(tasks.bumpShared, array),
        channel: {
          async to(items, capacity) {
            const { sender, receiver } = new Channel<number>(capacity)
            const summing = pool.run(sumUp, receiver)
            for (let item = 0; item < items; item += 1) await sender.send(item)
            sender.close()
            return summing
          },
          async from(items, capacity) {
            const { sender, receiver } = new Channel<number>(capacity)
            const sending = pool.run(sendNumbers, sender, items)
            let sum = 0
            for await (const item of receiver) sum += item
            await sending
            return sum
          },
        },
      }
    },
  }
}
