/**
 * Keeps workers from opening the program's server. A bundler may put tasks and the start of a
 * server into files that import each other (Nitro); then a worker that imports the tasks would
 * listen on the program's port.
 */
import type { Server } from 'node:net'

/** Published by Node when a server is about to listen. */
const listens = 'tracing:net.server.listen:asyncStart'

interface Listening {
  readonly server: Server
  readonly options?: { readonly port?: number | string; readonly path?: string }
}

/**
 * Until `end` is called, servers that begin to listen are closed again. `end` returns where the
 * first one wanted to listen.
 */
export function refuseServers(): { end(): string | undefined } {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel')
  let first: string | undefined
  const refuse = (message: unknown) => {
    const { server, options } = message as Listening
    first ??= options?.path ?? (options?.port === undefined ? 'a port' : `port ${options.port}`)
    server.once('error', () => {}) // The program's own server has the port.
    server.once('listening', () => server.close())
  }
  subscribe(listens, refuse)
  return {
    end() {
      unsubscribe(listens, refuse)
      return first
    },
  }
}
