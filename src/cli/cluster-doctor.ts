/** What `atonce doctor --servers` looks at: whether tasks are safe on that server. */
import { isUserRefused } from '../cluster/nats/refusal.ts'
import {
  type ClusterOptions,
  clusterHealth,
  DeniedError,
  EngineUnavailableError,
  type Health,
} from '../cluster.ts'
import type { Finding } from './doctor.ts'

const leastPayloadBytes = 512 * 1024
const moreRoom =
  'Give it more (jetstream { max_file_store: … } in the configuration of the server), or drop what waits: npx atonce dead drop. Large values leave by themselves, after an hour, a day or two weeks.'

/** Never rejects: no server is a finding too. */
export async function clusterFindings(
  options: ClusterOptions & { readonly servers: string },
): Promise<readonly Finding[]> {
  try {
    return findingsOf(await clusterHealth(options))
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    return [{ name: 'cluster', state: 'failure', found, fix: fixOf(error) }]
  }
}

/** What is refused before there is a connection has its fix in its own message. */
function fixOf(error: unknown): string {
  if (error instanceof DeniedError) return 'Look with credentials that may: --credentials admin.json'
  if (isUserRefused(error)) return 'Give those of a user of that server: --credentials admin.json'
  return error instanceof EngineUnavailableError ? 'Start it: npx atonce cluster up' : ''
}

export function findingsOf(health: Health): Finding[] {
  const { version, maxPayloadBytes, replicas, stuck, tasks, largeBytes, refusal, silent } = health
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < 2 || (major === 2 && minor < 11)
  return [
    {
      name: 'cluster server',
      state: isOld ? 'warning' : 'ok',
      found: `nats-server ${version}`,
      fix: isOld
        ? 'It works (all tests run with 2.9.10); delays go by way of a lane of their own. 2.11 or later is advised, and was not tested.'
        : '',
    },
    {
      name: 'cluster power',
      state: replicas >= 3 ? 'ok' : 'warning',
      found: `tasks are kept on ${replicas} server${replicas === 1 ? '' : 's'}, flushed at an interval that it does not tell`,
      fix:
        replicas >= 3
          ? ''
          : 'A loss of power may take what was acknowledged in the last 2 minutes. Keep them on three: cluster({ replicas: 3 }) before the first task; or from 2.10 on: jetstream { sync_interval: always }.',
    },
    {
      name: 'cluster store',
      state: stuck === 0 ? 'ok' : 'warning',
      found: `${tasks} tasks are kept, ${stuck} of them no queue will deliver`,
      fix:
        stuck === 0
          ? ''
          : 'A server that was killed may keep what is done. Look whether results are missed; nats stream purge --subject removes it.',
    },
    {
      name: 'cluster room',
      state: refusal === undefined ? 'ok' : 'failure',
      found:
        (refusal === undefined ? '' : `the store takes nothing more: ${refusal}; `) +
        `large values take ${Math.ceil(largeBytes / 2 ** 20)} MiB`,
      fix: refusal === undefined ? '' : moreRoom,
    },
    {
      name: 'cluster queues',
      state: silent.length === 0 ? 'ok' : 'failure',
      found:
        silent.length === 0
          ? 'no node waits for a queue that gives nothing'
          : `nodes get nothing from ${silent.join(', ')}, not even that there is nothing`,
      fix:
        silent.length === 0
          ? ''
          : 'A server that was killed may leave a consumer so. Nodes that may, make it anew: run one with --credentials admin.json until this is gone.',
    },
    {
      name: 'cluster message',
      state: maxPayloadBytes >= leastPayloadBytes ? 'ok' : 'failure',
      found: `messages of up to ${Math.round(maxPayloadBytes / 1024)} KiB`,
      fix: maxPayloadBytes >= leastPayloadBytes ? '' : 'Set max_payload: 1MB, its default.',
    },
  ]
}
