/**
 * Who may do what on a server: the three roles, as a configuration of nats-server.
 *
 *     client   submits, cancels, waits; reads what it is told in its own inbox
 *     worker   takes tasks and settles them; submits none
 *     admin    makes streams, buckets and queues; all that there is
 *
 * Neither client nor worker makes or deletes a stream. A worker may set the limit of a queue: it
 * writes its permits into the same record. Whoever writes records can forge results in
 * this namespace: a client must, to cancel. Give each trust boundary a namespace of its own.
 */
import { type Bucket, buckets } from '../engine.ts'
import { shelves } from './shelves.ts'

/**
 * What a client writes: cancellations, and keys of what it submits. Not who owns which entities.
 */
const clientWrites: readonly Bucket[] = ['calls', 'results', 'cancelled', 'keys']

export const roles = ['client', 'worker', 'admin'] as const
export type Role = (typeof roles)[number]

interface Permissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** Answers to one user come to an inbox that no other one may hear. */
export function inboxOf(user: string): string {
  return `_INBOX_${user}`
}

export function permissionsOf(role: Role, namespace: string): Permissions {
  const inbox = `${inboxOf(role)}.>`
  if (role === 'admin') return { publish: ['>'], subscribe: [inbox, `ao.${namespace}.>`] }
  const root = `ao.${namespace}`
  const tasks = `AO_${namespace}_tasks`
  const stores = buckets.map(bucket => `AO_${namespace}_${bucket}`)
  const blobs = Object.values(shelves).map(({ bucket }) => `AO_${namespace}_${bucket}`)
  const both = [
    '$JS.API.INFO',
    `$JS.API.STREAM.INFO.${tasks}`,
    `$JS.API.CONSUMER.INFO.${tasks}.*`,
    ...[...stores, ...blobs].flatMap(store => [
      `$JS.API.STREAM.INFO.KV_${store}`,
      `$JS.API.DIRECT.GET.KV_${store}.>`,
    ]),
    ...blobs.flatMap(store => [`$KV.${store}.>`, `$JS.API.STREAM.MSG.DELETE.KV_${store}`]),
  ]
  if (role === 'client')
    return {
      publish: [
        ...both,
        ...clientWrites.map(bucket => `$KV.AO_${namespace}_${bucket}.>`),
        ...['t.>', 'ready.*', 'h.nodes', 'h.node.*', 'h.hosts', 'h.shard.*'].map(
          subject => `${root}.${subject}`,
        ),
      ],
      subscribe: [inbox, `${root}.h.caller.*`, `${root}.h.entity.*`],
    }
  return {
    publish: [
      ...both,
      ...stores.map(store => `$KV.${store}.>`),
      `$JS.API.CONSUMER.MSG.NEXT.${tasks}.*`,
      `$JS.API.STREAM.MSG.GET.${tasks}`,
      `$JS.ACK.${tasks}.>`,
      `${root}.h.caller.*`,
      `${root}.h.entity.*`,
      `${root}.h.permits`,
    ],
    subscribe: [
      inbox,
      ...['ready.*', 'h.nodes', 'h.node.*', 'h.hosts', 'h.shard.*', 'h.permits'].map(
        subject => `${root}.${subject}`,
      ),
    ],
  }
}

export interface ServerConfig {
  readonly host: string
  readonly port: number
  /** Where tasks and results are kept. */
  readonly store: string
  readonly namespace: string
  readonly passwords: Readonly<Record<Role, string>>
}

/** The text of a configuration file of nats-server. */
export function serverConfig({ host, port, store, namespace, passwords }: ServerConfig): string {
  const list = (subjects: readonly string[]) => JSON.stringify(subjects)
  const users = roles.map(role => {
    const { publish, subscribe } = permissionsOf(role, namespace)
    return `    { user: ${role}, password: ${JSON.stringify(passwords[role])}, permissions: {
        publish: { allow: ${list(publish)} }
        subscribe: { allow: ${list(subscribe)} }
    } }`
  })
  return `# Written by: npx atonce cluster init. Namespace ${namespace}.
# Beyond this machine: set host, and add tls { cert_file: …, key_file: … }.
# From nats-server 2.10 on, jetstream takes sync_interval: always, which survives a loss of power.
host: ${JSON.stringify(host)}
port: ${port}
jetstream { store_dir: ${JSON.stringify(store)} }
authorization {
  users: [
${users.join('\n')}
  ]
}
`
}
