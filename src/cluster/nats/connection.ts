/** How a connection to NATS is made, and which ones are refused before they are. */
import { OptionError } from '../../errors.ts'
import { EngineUnavailableError, InsecureConnectionError } from '../errors.ts'
import type { NatsClient, NatsConnection } from './load.ts'
import { isAuthError } from './refusal.ts'
import { inboxOf } from './roles.ts'

const { readFileSync } = process.getBuiltinModule('node:fs')

export interface NatsAccess {
  /** As `nats://127.0.0.1:4222`, or several of one cluster. */
  readonly servers: string | readonly string[]
  /**
   * A file of NATS credentials (`.creds`), or one of a role that `atonce cluster init` has written.
   */
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
  const { connectTimeoutMs: timeout = 5_000 } = access
  const login = loginOf(access)
  const wantsTls = servers.some(server => server.startsWith('tls:'))
  try {
    return await client.connect({
      servers,
      name,
      timeout,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      pingInterval: 10_000, // A peer whose cable was cut is noticed within half a minute.
      // The client takes a URL's tls: for a name only, and what it sends first has the password.
      ...(wantsTls ? { tls: {} } : {}),
      ...('creds' in login ? { authenticator: client.credsAuthenticator(login.creds) } : login),
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const place = `NATS at ${servers.join(', ')}`
    if (isAuthError(cause))
      throw new EngineUnavailableError(
        `${place} refuses this user: ${why}. Give credentials of a user that it knows: { credentials: file } or { user, password } (--credentials, --user).`,
        { cause },
      )
    const advice = wantsTls
      ? 'Is the server up, with tls { cert_file, key_file } in its configuration?'
      : 'Is the server up? npx atonce cluster up starts one here.'
    throw new EngineUnavailableError(`No connection to ${place}: ${why}. ${advice}`, { cause })
  }
}

type Login =
  | { readonly creds: Uint8Array }
  | { readonly user?: string; readonly pass?: string; readonly inboxPrefix?: string }

/** @throws OptionError if the file of credentials is none */
function loginOf({ credentials, user, password }: NatsAccess): Login {
  if (credentials === undefined) return user === undefined ? {} : userOf(user, password)
  const bytes = fileOf(credentials)
  if (bytes[0] !== 0x7b) return { creds: bytes } // No brace: a file of NATS.
  const { user: own, password: pass } = JSON.parse(bytes.toString()) as Record<string, unknown>
  if (typeof own === 'string' && typeof pass === 'string') return userOf(own, pass)
  throw new OptionError(
    `cluster({ credentials }) takes a .creds file or { "user": …, "password": … }; ${credentials} is neither.`,
  )
}

function userOf(user: string, password: string | undefined): Login {
  return {
    user,
    inboxPrefix: inboxOf(user),
    ...(password === undefined ? {} : { pass: password }),
  }
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new OptionError(
      `cluster({ credentials }) takes a file; ${path} can't be read: ${(cause as Error).message}`,
    )
  }
}

/** Where the answers to that user go; undefined: where the client's own go. */
export function inboxFor(access: NatsAccess): string | undefined {
  const login = loginOf(access)
  return 'inboxPrefix' in login ? login.inboxPrefix : undefined
}

function urlOf(server: string): URL {
  const url = URL.parse(server.includes('://') ? server : `nats://${server}`)
  if (url !== null && url.hostname !== '') return url
  throw new OptionError(
    `cluster({ servers }) takes URLs, as nats://127.0.0.1:4222; it got ${JSON.stringify(server)}.`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
}
