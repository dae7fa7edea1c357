/** The script of effect's workers. */
import * as NodeWorkerRunner from '@effect/platform-node/NodeWorkerRunner'
import * as Effect from 'effect/Effect'
import * as Layer from 'effect/Layer'
import * as RpcServer from 'effect/rpc/RpcServer'
import { bump, bumpShared, countPrimes, identity, longestChain, occupy } from '../work.ts'
import { Calls } from './effect-calls.ts'

const answers = Calls.toLayer({
  identity: value => Effect.sync(() => identity(value)),
  countPrimes: range => Effect.sync(() => countPrimes(range)),
  longestChain: n => Effect.sync(() => longestChain(n)),
  occupy: ms => Effect.sync(() => occupy(ms)),
  bump: array => Effect.sync(() => bump(array)),
  bumpMoved: array => Effect.sync(() => bump(array)),
  bumpShared: array => Effect.sync(() => bumpShared(array)),
})

const server = RpcServer.layer(Calls).pipe(
  Layer.provide(answers),
  Layer.provide(RpcServer.layerProtocolWorkerRunner),
  Layer.provide(NodeWorkerRunner.layer),
)
Effect.runFork(Layer.launch(server))
