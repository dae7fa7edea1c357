/** The script of workerpool's workers. */
import workerpool from 'workerpool'
import { bump, work } from '../work.ts'

workerpool.worker({
  ...work,
  bumpMoved(array: Float64Array<ArrayBuffer>) {
    const bumped = bump(array)
    return new workerpool.Transfer(bumped, [bumped.buffer])
  },
})
