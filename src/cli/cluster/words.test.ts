import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterStatus } from '../../cluster.ts'
import { withAccess } from './access.ts'
import { deadSentence, nextOfDead, nextOfStatus, statusSentence } from './words.ts'

const access = { servers: 'nats://127.0.0.1:4222', namespace: 'default' }
const to = '--servers nats://127.0.0.1:4222'
const nobody: ClusterStatus = { engine: 'NATS', nodes: [], queues: [], dead: 0 }
const node = { workers: 4, running: 1, queues: ['default'], counts: {}, tasks: [], shards: [], silent: [] }
const two = [
  { ...node, id: 'a', pid: 1, sessions: 0 },
  { ...node, id: 'b', pid: 2, sessions: 0 },
]

test('the state of a cluster is one sentence, and the next command goes to what is wrong', () => {
  assert.equal(statusSentence(nobody), 'No node runs; 0 tasks waiting, 0 taken, no dead letter.')
  assert.equal(nextOfStatus(nobody, access), `npx atonce worker ./tasks.ts ${to}`)
  const busy = { ...nobody, nodes: two }
  assert.match(statusSentence({ ...busy, dead: 2 }), /^2 nodes, 2 of 8 workers busy; .*, 2 dead letters\.$/)
  assert.equal(nextOfStatus(busy, access), `npx atonce doctor ${to}`)
  assert.equal(nextOfStatus({ ...busy, dead: 2 }, access), `npx atonce dead list ${to}`)
})

test('what has failed for good is named once, and the next command tries the first again', () => {
  const letter = (id: string, task: string) => ({
    id,
    task,
    queue: 'default',
    attempts: 1,
    error: '',
    history: [],
  })
  const dead = [letter('1', 'mail'), letter('2', 'mail'), letter('3', 'scale')]
  assert.equal(deadSentence(dead), '3 tasks failed for good: mail, scale.')
  assert.equal(nextOfDead(dead, access), `npx atonce dead retry 1 ${to}`)
  assert.equal(nextOfDead([], access), `npx atonce cluster status ${to}`)
})

test('the next command leads to the same store, as words of a shell, and tells no password', () => {
  assert.equal(
    withAccess('cluster status', {
      ...{ servers: 'nats://eve:secret@one:4222,nats://two:4222', namespace: "eve's" },
      ...{ credentials: 'my roles/admin.json', user: 'eve', insecure: true },
    }),
    "npx atonce cluster status --servers nats://one:4222,nats://two:4222 --namespace 'eve'\\''s' --credentials 'my roles/admin.json' --user eve --insecure",
  )
})
