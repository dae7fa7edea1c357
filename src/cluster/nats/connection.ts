/** How a connection to NATS is made, and which ones are refused before they are. */
import { OptionError } from '../../errors.ts'
import { EngineUnavailableError, InsecureConnectionError } from '../errors.ts'
import type { NatsClient, NatsConnection } from './load.ts'

const { readFileSync } = process.getBuiltinModule('node:fs')

export interface NatsAccess {
  /** As `nats://127.0.0.1:4222`, or several of one cluster. */
  readonly servers: string | readonly string[]
  /** A file of NATS credentials (`.creds`). */
  readonly credentials?: string
  readonly user?: string
  readonly password?: string
  /**
   * Connects to another machine without TLS and credentials. Whoever can reach the server can run
   * the tasks.
   */
  readonly insecure?: boolean
  /** How long the first connection may take. Default 5,000. */
  readonly connectTimeoutMs?: number
  /**
   * Where answers go: each user has an inbox of its own, since whoever may hear an inbox reads all
   * that is answered there.
   */
  readonly inboxPrefix?: string
}

/**
 * The servers as URLs.
 * @throws OptionError if one is none
 * @throws InsecureConnectionError if one is on another machine, and there is neither TLS nor a
 *   credential
 */
export function checkAccess(access: NatsAccess): readonly string[] {
  const servers = typeof access.servers === 'string' ? access.servers.split(',') : access.servers
  if (!Array.isArray(servers) || servers.length === 0 || !servers.every(one => typeof one === 'string'))
    throw new OptionError(
      `cluster({ servers }) takes a URL or a list of them, as 'nats://127.0.0.1:4222'; it got ${JSON.stringify(access.servers)}.`,
    )
  const hasCredentials = access.credentials !== undefined || access.password !== undefined
  return servers.map(server => {
    const url = urlOf(server.trim())
    if (url.password !== '' || url.username !== '')
      throw new OptionError(
        'cluster({ servers }) has a password in a URL, which would be logged. Give it as { user, password }, or { credentials: file }.',
      )
    const isSafe = url.protocol === 'tls:' && hasCredentials
    if (!isLoopback(url.hostname) && !isSafe && access.insecure !== true)
      throw new InsecureConnectionError(
        `${server} is on another machine: the connection needs TLS and credentials. Write tls://${url.host} and give { credentials: 'worker.creds' }; on a network that you trust wholly, { insecure: true } (--insecure).`,
      )
    return url.href.replace(/\/$/, '')
  })
}

/** @throws EngineUnavailableError */
export async function connectTo(
  client: NatsClient,
  access: NatsAccess,
  name: string,
): Promise<NatsConnection> {
  const servers = checkAccess(access)
  const { credentials, user, password, connectTimeoutMs: timeout = 5_000 } = access
  try {
    return await client.connect({
      servers,
      name,
      timeout,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      ...(access.inboxPrefix === undefined ? {} : { inboxPrefix: access.inboxPrefix }),
      pingInterval: 10_000, // A peer whose cable was cut is noticed within half a minute.
      ...(user === undefined ? {} : { user, pass: password }),
      ...(credentials === undefined
        ? {}
        : { authenticator: client.credsAuthenticator(readFileSync(credentials)) }),
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EngineUnavailableError(
      `No connection to NATS at ${servers.join(', ')}: ${why}. Is the server up? npx atonce cluster up starts one here.`,
      { cause },
    )
  }
}

function urlOf(server: string): URL {
  try {
    return new URL(server.includes('://') ? server : `nats://${server}`)
  } catch {
    throw new OptionError(
      `cluster({ servers }) takes URLs, as nats://127.0.0.1:4222; it got ${JSON.stringify(server)}.`,
    )
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
}
