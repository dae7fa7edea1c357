/** comlink has no pool: calls go to the workers in turn. */
import { Worker } from 'node:worker_threads'
import * as Comlink from 'comlink'
import type { Rival } from '../rival.ts'
import { endpointOf } from './comlink-endpoint.ts'

type Remote = Record<string, (argument: unknown) => Promise<any>>

const rival: Rival = {
  start(workers) {
    const remotes = Array.from({ length: workers }, () => {
      const worker = new Worker(new URL('./comlink-worker.js', import.meta.url))
      return Comlink.wrap(endpointOf(worker)) as unknown as Remote
    })
    let calls = 0
    const run = (name: string, argument: unknown): Promise<any> | undefined =>
      remotes[calls++ % workers]?.[name]?.(argument)
    return {
      run,
      copy: array => run('bump', array) as Promise<Float64Array<ArrayBuffer>>,
      move: array =>
        run('bumpMoved', Comlink.transfer(array, [array.buffer])) as Promise<Float64Array<ArrayBuffer>>,
      share: array => run('bumpShared', array) as Promise<number>,
    }
  },
}
export default rival
