/**
 * The stop to workers that open the program's server: a bundler may put tasks and the start of a
 * server into files that import each other (Nitro), and a worker that imports the tasks would
 * listen where the program listens.
 */
import type { Server } from 'node:net'

/** Published by Node when a server is about to listen. */
const listens = 'tracing:net.server.listen:asyncStart'

interface Listening {
  readonly server: Server
  readonly options?: { readonly port?: number | string; readonly path?: string }
}

/**
 * Until `end`, servers that begin to listen are closed again; `end` says where the first one wanted
 * to.
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
