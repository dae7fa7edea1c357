/** Readies an accepted job: encodes its arguments and notes them on it. */
import type { Job } from '../executor/backend.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { type Crossing, type Encoded, encode, needsNoCodec } from '../wire/codec.ts'
import { movedAmong } from '../wire/moved-whole.ts'

/** Undefined for arguments that need no encoding. */
export function encodeArguments({ args, inputs }: Job, lending: Crossing): Encoded | undefined {
  if (args === undefined) return encode(inputs, 'inputs', lending)
  return needsNoCodec(args) ? undefined : (movedAmong(args, lending) ?? encode(args, 'args', lending))
}

/** From here on the job is the pool's. */
export function noteOn(ready: ReadyJob, encoded: Encoded | undefined, stores: ReadyJob['stores']): ReadyJob {
  ready.encoded = encoded
  ready.stores = stores
  ready.over = false
  return ready
}
