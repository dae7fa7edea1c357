/** effect's workers behind its RPC, with the imports by sub-path that start faster. */
import { Worker } from 'node:worker_threads'
import * as NodeWorker from '@effect/platform-node/NodeWorker'
import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'
import * as RpcClient from 'effect/rpc/RpcClient'
import * as Scope from 'effect/Scope'
import type { Rival } from '../rival.ts'
import { Calls } from './effect-calls.ts'

const rival: Rival = {
  async start(workers) {
    const protocol = RpcClient.layerProtocolWorker({ size: workers }).pipe(
      Layer.provide(NodeWorker.layer(() => new Worker(new URL('./effect-worker.js', import.meta.url)))),
    )
    const scope = Scope.makeUnsafe()
    const services = await Effect.runPromise(Layer.buildWithScope(protocol, scope))
    const client = await Effect.runPromise(
      RpcClient.make(Calls).pipe(Effect.provide(services), Scope.provide(scope)),
    )
    const calls = client as unknown as Record<string, (argument: unknown) => Effect.Effect<any>>
    const run = (name: string, argument: unknown): Promise<any> =>
      Effect.runPromise(calls[name]?.(argument) ?? Effect.die(`no call ${name}`))
    return {
      run,
      copy: array => run('bump', array),
      move: array => run('bumpMoved', array),
      share: array => run('bumpShared', array),
    }
  },
}
export default rival
