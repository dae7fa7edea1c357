/**
 * Where the programs are played: here, on a virtual clock, on played workers, on real threads and
 * processes.
 *
 *     program + crash ─▶ Place.play ─▶ how many messages its actors have worked on
 */
import type { StartOptions, Supervisor } from '../../src/actors.ts'
import { supervisor } from '../../src/actors.ts'
import { type Executor, processes, threads } from '../../src/index.ts'
import { countedFailing } from '../../src/testing/failing.ts'
import { simulate } from '../../src/testing.ts'
import { Witness } from './actors.ts'
import { PlayedStage, playedFailing } from './played.ts'
import type { Program } from './programs.ts'

export interface Crash {
  readonly at: number
  readonly when: 'before' | 'after'
  readonly dies: 'actor' | 'worker'
}

export interface Place {
  /** Its actors live in workers, which can die. */
  readonly hasWorkers: boolean
  /** Plays the program once; returns how many messages its failing class has worked on. */
  play(program: Program, crash: Crash, seed: number): Promise<number>
}

async function playOn(
  on: Pick<StartOptions, 'on'>,
  program: Program,
  crash: Crash,
  by?: typeof playedFailing,
): Promise<number> {
  let messages = () => 0
  await program({
    ...crash,
    on,
    failing: cls => {
      const failing = countedFailing(cls, crash, by)
      messages = () => failing.count.messages
      return failing.cls
    },
  })
  return messages()
}

export const here: Place = {
  hasWorkers: false,
  play: (program, crash) => playOn({}, program, crash),
}

export const onVirtualClock: Place = {
  hasWorkers: false,
  play: (program, crash, seed) => simulate(() => playOn({}, program, crash), { seed, report: () => {} }),
}

export function played(model: 'threads' | 'processes'): Place {
  return {
    hasWorkers: true,
    play: (program, crash, seed) =>
      new PlayedStage(seed, model).play(on => playOn({ on }, program, crash, playedFailing)),
  }
}

/** Real workers, which stay from one program to the next unless they are the ones that die. */
export class RealPlace implements Place, AsyncDisposable {
  readonly hasWorkers = true
  readonly #on: Executor
  readonly #anchors: Supervisor

  private constructor(on: Executor, anchors: Supervisor) {
    this.#on = on
    this.#anchors = anchors
  }

  static async open(model: 'threads' | 'processes', workers: number): Promise<RealPlace> {
    const on = (model === 'threads' ? threads : processes)({
      workers,
      startTimeoutMs: 120_000, // On a busy machine.
    })
    const anchors = supervisor({ maxRestarts: 1_000_000 })
    // So many that each worker has some, also one that began in place of another.
    for (let count = 0; count < 6; count += 1) await anchors.start(Witness, [], { on })
    return new RealPlace(on, anchors)
  }

  play(program: Program, crash: Crash): Promise<number> {
    return playOn({ on: this.#on }, program, crash)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#anchors.stop()
    await this.#on.close()
  }
}
