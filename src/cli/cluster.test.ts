/** Nodes as programs of their own, on a NATS server of the test's. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Cluster, cluster } from '../cluster/cluster.ts'
import { Account } from '../cluster/fixtures/account.ts'
import { mostIn } from '../cluster/fixtures/crowd.ts'
import { freePort, NatsServer, noServer } from '../cluster/fixtures/nats-server.ts'
import * as tasks from '../cluster/fixtures/tasks.ts'
import { loadNats } from '../cluster/nats/load.ts'
import { Requests } from '../cluster/nats/requests.ts'
import { consumerOf, Streams } from '../cluster/nats/streams.ts'
import type { ClusterStatus } from '../cluster/status.ts'
import { coroutines } from '../coroutines/coroutines.ts'
import { clusterFindings, findingsOf } from './cluster-doctor.ts'
import { atonce, type Ended, ended, start } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'

const options = { skip: noServer, timeout: 180_000 }
const module = '../../cluster/fixtures/tasks.ts'
const accounts = '../../cluster/fixtures/account.ts'

test(
  'a node that is killed loses no task; SIGTERM lets one end, and its program leaves',
  options,
  async () => {
    await using server = await NatsServer.start()
    const access = ['--servers', server.url]
    const node = (...more: string[]) =>
      start(['worker', module, ...access, '--workers', '1', '--lease', '2000', ...more])
    const [first, second] = [node(), node('--json')]
    const told = said(second, /^}$/m)
    await using jobs = cluster({ servers: server.url, leaseMs: 2_000, closeGraceMs: 30_000 })
    await until(jobs, ({ nodes }) => nodes.length === 2)
    const documents = [await told]
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
    for (const command of [
      ['dead', 'list'],
      ['cluster', 'status'],
    ])
      documents.push((await atonce([...command, ...access, '--json'])).stdout)
    const [runs, letters, state] = documents.map(text => JSON.parse(text))
    for (const document of [runs, letters, state]) assertDocumented(document, ['limit'])
    assert.deepEqual([runs.workers, runs.pid], [1, second.pid])
    assert.match(runs.sentence, /^\S+ runs .*\bdouble\b/)
    assert.equal(letters.next, `npx atonce dead retry ${dead.id} --servers ${server.url}`)
    assert.match(`${letters.sentence} ${state.sentence}`, /^1 task failed for good: .* 1 dead letter\.$/)
    const retry = JSON.parse((await atonce(['dead', 'retry', dead.id, ...access, '--json'])).stdout)
    await assert.rejects(jobs.result(retry.retried[0].as), RangeError)
    const drop = JSON.parse((await atonce(['dead', 'drop', retry.retried[0].as, ...access, '--json'])).stdout)
    assert.deepEqual(drop.dropped, [retry.retried[0].as])
    for (const document of [retry, drop]) assertDocumented(document)
    const { stdout } = await atonce(['cluster', 'status', ...access])
    assert.match(stdout, /nodes\n[\s\S]*of 1 busy[\s\S]*queues\n {2}default[\s\S]*dead letters: 0/)
    const last = await jobs.submit(tasks.double, [50, 500])
    let isDone = false
    void last.result().then(() => {
      isDone = true
    })
    await until(jobs, ({ queues }) => isDone || queues[0]?.taken !== 0)
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
    const document = async (words: readonly string[]) => {
      const given = JSON.parse((await atonce([...words, '--json'])).stdout)
      assertDocumented(given)
      return given
    }
    const { credentials } = await document(['cluster', 'init', ...of, '--port', port])
    assert.equal(credentials.client, join(folder, 'client.json'))
    assert.match((await atonce(['cluster', 'init', ...of])).stderr, /--force/)
    const up = start(['cluster', 'up', ...of, '--json'])
    const over = ended(up)
    const servers = `nats://127.0.0.1:${port}`
    const isUp = JSON.parse(await said(up, /^}$/m))
    assertDocumented(isUp)
    assert.deepEqual([isUp.url, isUp.namespace, isUp.queues], [servers, 'default', ['default']])
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
    const refused = async (role: string, ...more: string[]) => {
      const as = ['--servers', servers, '--credentials', join(folder, `${role}.json`)]
      const { code, stdout, stderr } = await atonce(['worker', module, ...as, ...more])
      assert.deepEqual([code, stdout], [1, ''])
      return stderr
    }
    const [asClient, ofNoQueue, looked] = await Promise.all([
      refused('client'),
      refused('worker', '--queues', 'default,newq'),
      atonce(['doctor', '--servers', servers, '--credentials', join(folder, 'client.json')]),
    ])
    assert.match(asClient, /^atonce: .*does not let this user do that[^\n]*worker runs[^\n]*\n$/)
    assert.match(ofNoQueue, /^atonce: There is no queue newq [^\n]*cluster up --queues default,newq[^\n]*\n$/)
    assert.match(looked.stdout, /→ Look with credentials that may: --credentials admin\.json/)
    const limit = ['--servers', servers, '--credentials', join(folder, 'admin.json')]
    assert.equal((await document(['cluster', 'limit', 'default', '3', ...limit])).most, 3)
    assert.equal((await document(['cluster', 'limit', 'default', 'none', ...limit])).most, null)
    assert.equal((await document(['cluster', 'down', ...of])).pid, isUp.pid)
    await over
    assert.equal((await atonce(['cluster', 'down', ...of])).code, 1)
    rmSync(folder, { recursive: true, force: true })
  },
)

test(
  'a limit holds over programs, one of which is killed while it holds permits; others have them a lease later',
  options,
  async () => {
    await using server = await NatsServer.start()
    const folder = mkdtempSync(join(tmpdir(), 'atonce-limit-'))
    const file = join(folder, 'ran')
    const access = ['--servers', server.url]
    const leaseMs = 2_000
    await using jobs = cluster({ servers: server.url, leaseMs, closeGraceMs: 30_000 })
    assert.match((await atonce(['cluster', 'limit', 'default', '2', ...access])).stdout, /at most 2 tasks/)
    const node = () => start(['worker', module, ...access, '--workers', '2', '--lease', String(leaseMs)])
    const nodes = [node(), node()]
    await until(jobs, ({ nodes }) => nodes.length === 2)
    const submitting = Array.from({ length: 12 }, (_, n) => jobs.submit(tasks.crowdIn, [file, n, 100]))
    const handles = await Promise.all(submitting)
    await handles[0]?.result()
    const pid = await heldSoon(file)
    const victim = nodes.find(one => one.pid === pid) ?? assert.fail('nobody runs a task')
    const gone = new Promise(resolve => victim.once('exit', resolve))
    victim.kill('SIGKILL')
    await gone
    appendFileSync(file, `killed ${pid}\n`)
    assert.deepEqual(
      await Promise.all(handles.map(handle => handle.result())),
      handles.map((_, n) => n),
    )
    assert.equal(mostIn(file), 2)
    assert.match((await atonce(['cluster', 'status', ...access])).stdout, /at most 2 at a time/)
    assert.match((await atonce(['cluster', 'limit', 'default', 'none', ...access])).stdout, /no limit/)
    assert.match(
      (await atonce(['cluster', 'limit', 'default', 'few', ...access])).stderr,
      /from 0 up, or none/,
    )
    for (const one of nodes) one.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  },
)

/** A program that runs a task at this moment, by its number. */
async function heldSoon(file: string): Promise<number> {
  for (;;) {
    const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.split(' ')
    if (last?.[0] === 'begin') return Number(last[1])
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('up ends its server with it, whichever signal ends it', options, async () => {
  const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
  await Promise.all(
    Object.entries(signals).map(async ([signal, code]) => {
      await using own = await upIn()
      own.child.kill(signal as NodeJS.Signals)
      const { code: got, stderr } = await own.over
      assert.deepEqual([got, /Interrupted \((\w+)\)/.exec(stderr)?.[1]], [code, signal])
      assert.match((await atonce(['cluster', 'down', '--folder', own.folder])).stderr, /No server of/)
    }),
  )
})

test('up whose server is killed ends with 1 and says so; down ends it with 0', options, async () => {
  await using own = await upIn()
  process.kill(own.pid, 'SIGKILL')
  const { code, stderr } = await own.over
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`nats-server ${own.pid} ended with SIGKILL; its store is kept`))
  await using again = await upIn(own.folder)
  assert.equal((await atonce(['cluster', 'down', '--folder', own.folder])).code, 0)
  assert.equal((await again.over).code, 0)
})

test('at most one server runs on a store: another up is refused, and harms nothing', options, async () => {
  await using own = await upIn()
  const of = ['--folder', own.folder]
  const ports = [own.port, String(await freePort())]
  for (const port of ports) {
    const second = await atonce(['cluster', 'up', ...of, '--port', port])
    assert.deepEqual([second.code, second.stdout], [1, ''])
    assert.match(second.stderr, new RegExp(`^atonce: The server ${own.pid} runs .*cluster down --folder`))
  }
  assert.equal(JSON.parse((await atonce(['cluster', 'down', ...of, '--json'])).stdout).pid, own.pid)
})

test('of ups at the same moment one has the store', options, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-up-'))
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const ups = ports.map(port => start(['cluster', 'up', '--folder', folder, '--port', String(port)]))
  const overs = ups.map(ended)
  const first = await Promise.race(ups.map(async (up, n) => said(up, /namespace default/).then(() => n)))
  const others = await Promise.all(overs.filter((_, n) => n !== first))
  assert.deepEqual(
    others.map(({ code, stdout }) => [code, stdout]),
    [
      [1, ''],
      [1, ''],
    ],
  )
  assert.equal((await atonce(['cluster', 'down', '--folder', folder])).code, 0)
  await overs[first]
  rmSync(folder, { recursive: true, force: true })
})

test('up on a port that is taken, or that there is not, never says that it is up', options, async () => {
  await using server = await NatsServer.start()
  const folder = mkdtempSync(join(tmpdir(), 'atonce-up-'))
  const up = (port: string) => atonce(['cluster', 'up', '--folder', folder, '--port', port])
  const taken = await up(String(server.port))
  assert.deepEqual([taken.code, taken.stdout], [1, ''])
  assert.match(taken.stderr, new RegExp(`127.0.0.1:${server.port} .*EADDRINUSE`))
  const none = await up('99999')
  assert.deepEqual([none.code, none.stdout], [2, ''])
  assert.match(none.stderr, /--port takes a whole number from 1 to 65535/)
  rmSync(folder, { recursive: true, force: true })
})

test('init and up refuse names that no command could use', options, async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'atonce-up-')), 'none')
  for (const command of ['init', 'up']) {
    const { code, stderr } = await atonce(['cluster', command, '--folder', folder, '--namespace', 'a b'])
    assert.equal(code, 2)
    assert.match(stderr, /--namespace takes 1 to 90 letters/)
    assert.equal(existsSync(folder), false)
  }
})

/** `cluster up`, once it is up. */
async function upIn(folder: string = mkdtempSync(join(tmpdir(), 'atonce-up-'))): Promise<
  AsyncDisposable & {
    readonly child: ChildProcess
    readonly over: Promise<Ended>
    readonly folder: string
    readonly port: string
    /** Of the server. */
    readonly pid: number
  }
> {
  const port = String(await freePort())
  const child = start(['cluster', 'up', '--folder', folder, '--port', port, '--json'])
  const over = ended(child)
  const { pid } = JSON.parse(await said(child, /^}$/m))
  return {
    ...{ child, over, folder, port, pid },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await over
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('doctor advises to start a server only where none is', async () => {
  const fixes = ['nats://db.example:4222', `nats://127.0.0.1:${await freePort()}`].map(async url => {
    const [finding] = await clusterFindings({ servers: url })
    return finding?.fix
  })
  assert.deepEqual(await Promise.all(fixes), ['', 'Start it: npx atonce cluster up'])
})

test('a module that is named twice is one', options, async () => {
  await using server = await NatsServer.start()
  const node = start(['worker', accounts, accounts, '--servers', server.url])
  assert.match(await said(node, / runs /), / runs Account of default/)
  node.kill('SIGTERM')
  await ended(node)
})

test('a node does not run the main program of a module that guards it', options, async () => {
  await using server = await NatsServer.start()
  const files = ['guarded.ts', module]
  const node = start(['worker', ...files, '--servers', server.url, '--workers', '1'])
  assert.match(await said(node, / runs /), /^\S+ runs triple, /)
  await using jobs = cluster({ servers: server.url })
  assert.equal(await jobs.run(tasks.double, 4, 0), 8)
  node.kill('SIGTERM')
  await ended(node)
})

test('doctor tells which queues give nothing to any node', () => {
  const health = {
    ...{ version: '2.11.0', maxPayloadBytes: 1 << 20, replicas: 3, stuck: 0, tasks: 5 },
    ...{ silent: ['default-p1'], largeBytes: 0, refusal: undefined },
  }
  const finding = findingsOf(health).find(({ name }) => name === 'cluster queues')
  assert.equal(finding?.state, 'failure')
  assert.match(`${finding?.found} ${finding?.fix}`, /default-p1[\s\S]*admin\.json/)
})

test('doctor tells of a real queue that gives a node nothing', options, async () => {
  await using server = await NatsServer.start()
  // A lease that nobody waits for: nodes make a consumer anew a lease after it fell silent.
  const parts = { servers: server.url, leaseMs: 600_000, closeGraceMs: 0 }
  await using jobs = cluster(parts)
  await jobs.status()
  const nats = await loadNats()
  const connection = await nats.connect({ servers: server.url })
  const requests = new Requests(connection, nats.createInbox())
  const lane = consumerOf('default', 'p1')
  const { config } = await new Streams(requests, 1).consumer('AO_default_tasks', lane)
  // It has given one, so it gives no more, and answers no pull: as one that is stuck.
  const made = { stream_name: 'AO_default_tasks', config: { ...config, max_ack_pending: 1 } }
  await requests.ask(`$JS.API.CONSUMER.DELETE.AO_default_tasks.${lane}`, Buffer.from(''))
  const create = `$JS.API.CONSUMER.DURABLE.CREATE.AO_default_tasks.${lane}`
  await requests.ask(create, Buffer.from(JSON.stringify(made)))
  await connection.close()
  const running = await jobs.submit(tasks.untilStopped, [])
  const waiting = await jobs.submit(tasks.untilStopped, [])
  await using _node = cluster({ ...parts, on: coroutines({ concurrency: 4 }) })
  await _node.status()
  await until(jobs, ({ nodes }) => nodes[0]?.silent[0] === lane)
  const seen = await atonce(['doctor', '--json', '--servers', server.url])
  const { findings } = JSON.parse(seen.stdout) as {
    findings: { name: string; state: string; found: string }[]
  }
  const finding = findings.find(({ name }) => name === 'cluster queues')
  assert.deepEqual(
    [finding?.state, finding?.found],
    ['failure', `nodes get nothing from ${lane}, not even that there is nothing`],
  )
  await running.cancel()
  await waiting.cancel()
})

/** Looks with pauses: a look in a circle would take the CPU from the programs that it waits for. */
async function until(jobs: Cluster, isSo: (status: ClusterStatus) => boolean): Promise<void> {
  while (!isSo(await jobs.status())) await new Promise(resolve => setTimeout(resolve, 50))
}

/** Resolves once the command has printed that. */
/** All that it has said by then. */
function said(child: ChildProcess, what: RegExp): Promise<string> {
  let text = ''
  return new Promise(resolve =>
    child.stdout?.on('data', part => {
      text += part
      if (what.test(text)) resolve(text)
    }),
  )
}
