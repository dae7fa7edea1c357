/** A played thread: claims, rings and ports as between threads. */
import type { PoolOptions } from '../../src/pool/options.ts'
import { NearThread, threadMemory } from '../../src/threads/near-thread.ts'
import { beginClaim } from '../../src/wire/claims.ts'
import type { WorkerEnd } from '../../src/wire/transport/transport.ts'
import { farThread } from '../../src/worker/far/far-thread.ts'
import type { Worker } from '../../src/worker/far/worker.ts'
import type { Exit, FarWorkerOwner, StartWorker } from '../../src/worker/far-worker.ts'
import { PlayedWorker, type Scene } from './played-worker.ts'

export function playedThreads(scene: Scene, options: PoolOptions): StartWorker {
  return (index, owner) => new PlayedThread(`thread ${index}`, scene, owner, options).side
}

class PlayedThread extends PlayedWorker {
  readonly side: NearThread
  readonly killed: Exit = { kind: 'exit', code: 1 }
  readonly #memory = threadMemory()
  readonly #options: PoolOptions

  constructor(name: string, scene: Scene, owner: FarWorkerOwner, options: PoolOptions) {
    super(name, scene)
    this.#options = options
    this.side = new NearThread(name, this.nearPort, this.#memory, owner, {
      threadId: undefined,
      terminate: () => this.terminate(),
      ref: () => {
        this.held = true
      },
      unref: () => {
        this.held = false
      },
    })
    this.begin()
  }

  protected open(): Worker {
    const { name, workers, maxPayloadBytes, callsPerWorker } = this.#options
    const birth = { name: this.name, executor: { name, workers }, port: this.farPort, ...this.#memory }
    const { worker, transport } = farThread(
      { ...birth, spinMs: 0, maxPayloadBytes, callsPerWorker },
      {
        gauge: undefined,
        claim: seq => this.#claim(seq),
        broken: error => this.#broken(worker, error),
        ended: () => this.dismissed(),
        flushOutput: () => {},
      },
    )
    worker.open(this.#mortal(transport))
    return worker
  }

  #broken(worker: Worker, error: unknown): void {
    if (this.isDead) return
    this.scene.note(`${this.name} is broken: ${error}`)
    worker.reportCrash(error)
    this.die({ kind: 'exit', code: 1 })
  }

  #claim(seq: number): boolean {
    this.passes('before a claim')
    if (this.isDead || !beginClaim(this.#memory.claims, seq)) return false
    this.passes('after a claim')
    return !this.isDead
  }

  /** The dead write nothing. */
  #mortal(transport: Required<WorkerEnd>): WorkerEnd {
    return {
      tryDone: (seq, workMs, value, more) => {
        this.passes('before an answer')
        if (this.isDead) return true
        const isWritten = transport.tryDone(seq, workMs, value, more)
        if (isWritten) this.passes('after an answer')
        return isWritten
      },
      flush: () => this.isDead || transport.flush(),
      readMessages: () => this.isDead || transport.readMessages(),
      send: (message, transfer) => transport.send(message, transfer),
    }
  }

  protected ended(exit: Exit, told: () => void): void {
    told()
    this.side.exited(exit)
  }
}
