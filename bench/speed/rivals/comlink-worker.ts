/** The script of comlink's workers. */
import { parentPort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import { bump, work } from '../work.ts'
import { endpointOf } from './comlink-endpoint.ts'

Comlink.expose(
  {
    ...work,
    bumpMoved(array: Float64Array<ArrayBuffer>) {
      const bumped = bump(array)
      return Comlink.transfer(bumped, [bumped.buffer])
    },
  },
  endpointOf(parentPort),
)
