/** Nodes as programs of their own, on a NATS server of the test's. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cluster } from '../cluster/cluster.ts'
import { Account } from '../cluster/fixtures/account.ts'
import { freePort, NatsServer, noServer } from '../cluster/fixtures/nats-server.ts'
import * as tasks from '../cluster/fixtures/tasks.ts'
import { findingsOf } from './cluster-doctor.ts'
import { atonce, ended, start } from './fixtures/command.ts'

const options = { skip: noServer, timeout: 180_000 }
const module = '../../cluster/fixtures/tasks.ts'
const accounts = '../../cluster/fixtures/account.ts'

test(
  'a node that is killed loses no task; SIGTERM lets one end, and its program leaves',
  options,
  async () => {
    await using server = await NatsServer.start()
    const access = ['--servers', server.url]
    const node = () => start(['worker', module, ...access, '--workers', '1', '--lease', '2000'])
    const [first, second] = [node(), node()]
    await using jobs = cluster({ servers: server.url, leaseMs: 2_000, closeGraceMs: 30_000 })
    while ((await jobs.status()).nodes.length < 2);
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    const handles = await Promise.all(numbers.map(n => jobs.submit(tasks.double, [n, 100])))
    await handles[4]?.result()
    first.kill('SIGKILL')
    assert.deepEqual(
      await Promise.all(handles.map(handle => handle.result())),
      numbers.map(n => 2 * n),
    )
    const dead = await jobs.submit(tasks.failUntil, [1, 9])
    await assert.rejects(dead.result(), RangeError)
    const listed = await atonce(['dead', 'list', ...access])
    assert.match(listed.stdout, new RegExp(`${dead.id}.*failUntil.*attempt 1 of 1`))
    assert.match((await atonce(['dead', 'drop', dead.id, ...access])).stdout, /is dropped/)
    const { stdout } = await atonce(['cluster', 'status', ...access])
    assert.match(stdout, /nodes\n[\s\S]*of 1 busy[\s\S]*queues\n {2}default[\s\S]*dead letters: 0/)
    const last = await jobs.submit(tasks.double, [50, 500])
    while ((await jobs.status()).queues[0]?.taken === 0);
    const gone = new Promise<number | null>(resolve => second.once('exit', resolve))
    second.kill('SIGTERM')
    assert.equal(await last.result(), 100)
    assert.equal(await gone, 0)
  },
)

test(
  'init writes users that up serves: a worker and a client run tasks as theirs, doctor looks, down ends it',
  options,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-up-'))
    const port = String(await freePort())
    const of = ['--folder', folder]
    assert.match((await atonce(['cluster', 'init', ...of, '--port', port])).stdout, /admin are written/)
    assert.match((await atonce(['cluster', 'init', ...of])).stderr, /--force/)
    const up = start(['cluster', 'up', ...of])
    const over = ended(up)
    await said(up, /namespace default/)
    const servers = `nats://127.0.0.1:${port}`
    const node = start([
      ...['worker', module, accounts, '--servers', servers, '--workers', '1'],
      ...['--credentials', join(folder, 'worker.json')],
    ])
    {
      await using jobs = cluster({ servers, credentials: join(folder, 'client.json') })
      assert.equal(await jobs.run(tasks.double, 4, 0), 8)
      const alice = jobs.entity(Account, 'alice').with({ timeoutMs: 60_000 })
      assert.equal(await alice.ask.deposit(5), 5)
    }
    const left = ended(node)
    node.kill('SIGTERM')
    assert.equal((await left).code, 0)
    const seen = await atonce([
      ...['doctor', '--json', '--servers', servers],
      ...['--credentials', join(folder, 'admin.json')],
    ])
    const { findings } = JSON.parse(seen.stdout) as {
      findings: { name: string; state: string; found: string }[]
    }
    const state = (name: string) => findings.find(finding => finding.name === name)?.state
    assert.deepEqual(
      ['power', 'store', 'queues', 'message'].map(what => state(`cluster ${what}`)),
      ['warning', 'ok', 'ok', 'ok'],
    )
    assert.match((await atonce(['cluster', 'down', ...of])).stdout, /has ended/)
    await over
    assert.equal((await atonce(['cluster', 'down', ...of])).code, 1)
    rmSync(folder, { recursive: true, force: true })
  },
)

test('up ends its server with it, whatever ends it', options, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-up-'))
  const port = String(await freePort())
  const up = start(['cluster', 'up', '--folder', folder, '--port', port])
  const over = ended(up)
  await said(up, /namespace default/)
  up.kill('SIGTERM')
  await over
  assert.match((await atonce(['cluster', 'down', '--folder', folder])).stderr, /No server of/)
  rmSync(folder, { recursive: true, force: true })
})

test('doctor tells which queues give nothing to any node', () => {
  const health = {
    ...{ version: '2.11.0', maxPayloadBytes: 1 << 20, replicas: 3, stuck: 0, tasks: 5 },
    silent: ['default-p1'],
  }
  const finding = findingsOf(health).find(({ name }) => name === 'cluster queues')
  assert.equal(finding?.state, 'failure')
  assert.match(`${finding?.found} ${finding?.fix}`, /default-p1[\s\S]*admin\.json/)
})

/** Resolves once the command has printed that. */
function said(child: ChildProcess, what: RegExp): Promise<void> {
  let text = ''
  return new Promise(resolve =>
    child.stdout?.on('data', part => {
      text += part
      if (what.test(text)) resolve()
    }),
  )
}
