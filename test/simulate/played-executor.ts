/** An executor whose workers are played, for actors: its pool is never used. */
import { createExecutor, type Executor } from '../../src/executor/executor.ts'
import { checkPoolOptions } from '../../src/pool/options.ts'
import { Pool } from '../../src/pool/pool.ts'
import { withPlace } from '../../src/worker/place.ts'
import { playedProcesses } from './played-process.ts'
import { playedThreads } from './played-thread.ts'
import type { Scene } from './played-worker.ts'

export function playedExecutor(scene: Scene, model: 'threads' | 'processes', workers: number): Executor {
  const options = checkPoolOptions(model, { workers, startTimeoutMs: 40, graceMs: 20, closeGraceMs: 100 })
  const crossing = { sharedMemory: model === 'threads', maxPayloadBytes: options.maxPayloadBytes }
  const start = (model === 'threads' ? playedThreads : playedProcesses)(scene, options)
  const executor = createExecutor(new Pool(model, options, start, crossing))
  return withPlace(executor, { ...options, start, crossing })
}
