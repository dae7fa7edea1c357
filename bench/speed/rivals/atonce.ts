/** atonce as it is built in dist/; its two models of workers are one interface. */
import { type Executor, move } from 'atonce'
import type { Rival } from '../rival.ts'
import { bumpMoved, tasks } from './atonce-tasks.ts'

export function atonce(open: (options: { workers: number }) => Executor): Rival {
  return {
    start(workers) {
      const pool = open({ workers })
      return {
        run: (name, argument) => pool.run(tasks[name], argument),
        map: (name, inputs) => pool.map(tasks[name], inputs),
        copy: array => pool.run(tasks.bump, array),
        move: array => pool.run(bumpMoved, move(array)),
        share: array => pool.run(tasks.bumpShared, array),
      }
    },
  }
}
