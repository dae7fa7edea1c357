/** Where jobs wait: in line for any worker, or for the only one that may run them (pins.ts). */
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Crew } from './crew.ts'
import { Pins } from './pins.ts'

export class Waiting {
  readonly queue = new PriorityQueue<ReadyJob>()
  readonly pins: Pins

  constructor(crew: Crew, workers: number) {
    this.pins = new Pins(crew, workers)
  }

  get size(): number {
    return this.queue.size + this.pins.size
  }

  /** Those for any worker first. */
  *[Symbol.iterator](): Generator<ReadyJob> {
    yield* this.queue
    yield* this.pins
  }

  /** Puts jobs that a worker has given back where they stood. */
  putBack(jobs: readonly ReadyJob[]): void {
    this.queue.putBack(jobs.filter(({ to }) => to === undefined))
    for (const ready of jobs) if (ready.to !== undefined) this.pins.add(ready)
  }

  /** Takes the job out; false if it does not wait. */
  withdraw(ready: ReadyJob): boolean {
    return (ready.pin ?? this.queue).withdraw(ready)
  }
}
