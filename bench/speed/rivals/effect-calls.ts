/**
 * The calls that effect's two sides agree on. Schemas as plain as they can be: they are walked at
 * each call.
 */

import * as Rpc from 'effect/rpc/Rpc'
import * as RpcGroup from 'effect/rpc/RpcGroup'
import * as Schema from 'effect/Schema'
import * as Transferable from 'effect/workers/Transferable'

type Numbers = Float64Array<ArrayBuffer>
const numbers = Schema.instanceOf(Float64Array) as unknown as Schema.instanceOf<Numbers>
const copied = Transferable.schema(numbers, () => [])
const moved = Transferable.schema(numbers, array => [(array as Numbers).buffer])
const shared = Transferable.schema(
  Schema.instanceOf(Float64Array) as unknown as Schema.instanceOf<Float64Array<SharedArrayBuffer>>,
  () => [],
)

export const Calls = RpcGroup.make(
  Rpc.make('identity', { payload: Schema.Number, success: Schema.Number }),
  Rpc.make('countPrimes', {
    payload: Schema.Struct({ from: Schema.Number, to: Schema.Number }),
    success: Schema.Number,
  }),
  Rpc.make('longestChain', { payload: Schema.Number, success: Schema.Number }),
  Rpc.make('occupy', { payload: Schema.Number, success: Schema.String }),
  Rpc.make('bump', { payload: copied, success: copied }),
  Rpc.make('bumpMoved', { payload: moved, success: moved }),
  Rpc.make('bumpShared', { payload: shared, success: Schema.Number }),
)
