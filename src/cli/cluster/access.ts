/** Where a command of the cluster finds the store, and as whom. */
import type { ClusterOptions } from '../../cluster.ts'

export interface AccessOptions {
  readonly servers: string
  readonly namespace: string
  readonly credentials?: string
  readonly user?: string
  readonly insecure?: boolean
}

export function accessOf(options: AccessOptions): ClusterOptions & { servers: string } {
  const { servers, namespace, credentials, user, insecure = false } = options
  const password = process.env['ATONCE_NATS_PASSWORD']
  return {
    servers,
    namespace,
    insecure,
    ...(credentials === undefined ? {} : { credentials }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  }
}

/** The command with the options that lead to the same store, without a password. */
export function withAccess(
  command: string,
  { servers, namespace, credentials, user, insecure }: AccessOptions,
): string {
  const options = [
    ...['--servers', servers.replaceAll(/\/\/[^/@,]*@/g, '//')],
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...(credentials === undefined ? [] : ['--credentials', credentials]),
    ...(user === undefined ? [] : ['--user', user]),
    ...(insecure === true ? ['--insecure'] : []),
  ]
  return `npx atonce ${command} ${options.map(asWord).join(' ')}`
}

/** As a shell takes it for one word. */
function asWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
