/**
 * Looks into the workers of programs that really run. Each opens its inspector at a free port, so
 * that tests can run beside each other.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LiveNode } from '../live/tree.ts'
import { atonce, type Ended, ended, start } from './fixtures/command.ts'
import { endOf, untilPorts, withProgram } from './fixtures/program.ts'

const linux = process.platform === 'linux'

describe('ps, below workers', { concurrency: 2 }, () => {
  test('what a call in a thread has opened stands below it; channels and pools of its own below the thread', () =>
    withProgram(['busy-workers.ts', 'threads'], async program => {
      const { code, stdout, stderr } = await seenIn(program, 3)
      assert.deepEqual([code, stderr], [0, ''])
      const crawl = [
        '│  └─ scope crawl: running, its body waits for 600000 ms to pass',
        '│     └─ child reader: running, waits for an item of pages',
        '└─ channel pages: 0 of 1 items, reader waits for an item of pages',
      ]
      assert.deepEqual(workersIn(stdout), [
        [
          'worker: busy',
          '├─ deepMill: running',
          '└─ executor deep mill (threads): open, 1 running, 0 waiting, 0 done',
          '   └─ thread 1: busy',
          ...['├─ read: running, waits for crawl to end', ...crawl].map(line => `      ${line}`),
        ],
        ['worker: busy', '├─ read: running, waits for crawl to end', ...crawl],
        [
          'worker: busy',
          '├─ readBelow: running, waits for read to end',
          '├─ read: running, made by readBelow, waits for crawl to end',
          ...crawl,
        ],
      ])
      if (linux) await untilPorts(program, [])
    }))

  test('a thread that never awaits is told with its place, one in a call of the system as silent', () =>
    withProgram(['busy-workers.ts', 'stuck'], async program => {
      const { code, stdout } = await atonce(['ps', String(program.pid)])
      assert.match(
        stdout,
        /^[├└]─ thread \d: busy, in synchronous code at spin \(\S+busy-workers\.ts:\d+:\d+\)\n. {2}└─ spin: running/m,
      )
      assert.match(
        stdout,
        /^[├└]─ thread \d: busy, not looked into: it did not answer within 1 s: [^\n]+\n. {2}└─ block: running/m,
      )
      assert.equal(code, 0)
    }))

  test('an actor whose worker never awaits is told with the message and the place', () =>
    withProgram(['busy-workers.ts', 'actors'], async program => {
      const { code, stdout } = await atonce(['ps', String(program.pid)])
      assert.match(
        stdout,
        /^└─ actor spinner: busy on thread 1, its worker has not answered for \d+\.\d s, oldest message: spin, in synchronous code at Spinner\.spin \(\S+busy-workers\.ts:\d+:\d+\)$/m,
      )
      assert.doesNotMatch(stdout, /of no pool/)
      assert.equal(code, 0)
    }))

  test(
    'worker processes are looked into, and their threads, and no inspector is opened',
    { skip: !linux },
    () =>
      withProgram(['busy-workers.ts', 'processes'], async program => {
        const { code, stdout, stderr } = await seenIn(program, 1)
        assert.deepEqual([code, stderr], [0, ''])
        const [mill, spin] = workersIn(stdout).toSorted((a, b) => b.length - a.length)
        assert.deepEqual(mill, [
          'worker: busy',
          '├─ deepMill: running',
          '└─ executor deep mill (threads): open, 1 running, 0 waiting, 0 done',
          '   └─ thread 1: busy',
          '      ├─ read: running, waits for crawl to end',
          '      │  └─ scope crawl: running, its body waits for 600000 ms to pass',
          '      │     └─ child reader: running, waits for an item of pages',
          '      └─ channel pages: 0 of 1 items, reader waits for an item of pages',
        ])
        assert.match(spin?.[0] ?? '', /^worker: busy, not looked into: its event loop does not turn/)
        for (const task of ['deepMill', 'spin']) await untilPorts({ pid: pidOf(task, stdout) }, [])
        program.kill()
        assert.equal((await endOf(program)).stderr, '')
      }),
  )

  test(
    'one that never awaits is looked into if its inspector may be opened, which is closed again',
    { skip: !linux },
    () =>
      withProgram(['busy-workers.ts', 'processes'], async program => {
        const { stdout } = await atonce(['ps', String(program.pid), '--open-inspector'])
        assert.match(stdout, /^[├└]─ process \d \(pid \d+\): busy, in synchronous code at spin \(/m)
        for (const task of ['deepMill', 'spin']) await untilPorts({ pid: pidOf(task, stdout) }, [])
      }),
  )

  test('a worker process that dies of the look is told, and the others all the same', { skip: !linux }, () =>
    withProgram(['busy-workers.ts', 'dying'], async program => {
      const { code, stdout } = await atonce(['ps', String(program.pid)])
      assert.match(stdout, /process \d \(pid \d+\): busy, not looked into: it has ended meanwhile\n/)
      assert.match(stdout, /child reader: running, waits for an item of pages/)
      assert.equal(code, 0)
      await untilPorts({ pid: pidOf('read', stdout) }, [])
    }),
  )

  test('a thread that dies of the look is told, and the others all the same', () =>
    withProgram(['busy-workers.ts', 'dyingThread'], async program => {
      const { code, stdout } = await atonce(['ps', String(program.pid)])
      assert.match(stdout, /thread \d: busy, not looked into: \S/)
      assert.match(stdout, /child reader: running, waits for an item of pages/)
      assert.equal(code, 0)
      if (linux) await untilPorts(program, [])
    }))

  test('a worker with another version of atonce beside ours is told so, with what ours tells', () =>
    withProgram(['busy-workers.ts', 'later'], async program => {
      const { stdout } = await atonce(['ps', String(program.pid)])
      assert.deepEqual(withoutAges(stdout).slice(2), [
        '└─ thread 1: busy, not looked into: it has another version of atonce',
        '   └─ later: running, waits for 600000 ms to pass',
        '',
      ])
    }))

  test('a thread that the program has started itself is told if it uses atonce', () =>
    withProgram(['busy-workers.ts', 'own'], async program => {
      const { stdout } = await atonce(['ps', String(program.pid), '--open-inspector'])
      assert.deepEqual(withoutAges(stdout).slice(1), [
        'thread 1 of no pool: running',
        '├─ scope alone: running, its body waits for 600000 ms to pass',
        '└─ outside of calls: waits for alone to end',
        '',
      ])
    }))

  test('--json says of each worker whether it was seen, and joins by the numbers of calls', () =>
    withProgram(['busy-workers.ts', 'threads'], async program => {
      const { stdout } = await atonce(['ps', String(program.pid), '--json'])
      const [mill] = JSON.parse(stdout).trees[0].executors as LiveNode[]
      const worker = mill?.inside.find(({ inside }) => inside[0]?.name === 'read')
      assert.deepEqual(worker?.within, { seen: true, blocked: false })
      assert.ok([1, 2, 3].includes(worker?.threadId ?? 0))
      const [call, channel] = worker?.inside ?? []
      assert.deepEqual([call?.kind, call?.name, call?.seq], ['call', 'read', 1])
      assert.deepEqual(
        call?.inside.map(({ kind, name }) => [kind, name]),
        [['scope', 'crawl']],
      )
      assert.deepEqual([channel?.kind, channel?.name], ['channel', 'pages'])
    }))

  test(
    '--watch looks into workers again and again, and closes all inspectors at its end',
    { skip: !linux },
    () =>
      withProgram(['busy-workers.ts', 'processes'], async program => {
        const watching = start(['ps', String(program.pid), '--watch'])
        const end = ended(watching)
        let text = ''
        for await (const part of watching.stdout ?? []) {
          text += part
          if (text.split('child reader: running').length > 2) break
        }
        watching.kill('SIGINT')
        assert.deepEqual([(await end).code, (await end).stderr], [0, ''])
        await untilPorts(program, [])
        await untilPorts({ pid: pidOf('deepMill', text) }, [])
      }),
  )
})

describe('ATONCE_DEBUG=1 in a worker', () => {
  test('a thread whose call nothing can wake says so, as who it is', () =>
    withProgram(
      ['busy-workers.ts', 'deaf'],
      async program => {
        let said = ''
        for await (const part of program.stderr ?? []) {
          said += part
          if (said.includes('channel bell')) break
        }
        assert.deepEqual(withoutAges(said).slice(0, 3), [
          `atonce (pid ${program.pid}, thread 1): For 5 s nothing has happened, no timer is set, and these wait:`,
          '  deaf: running, waits for an item of bell',
          '  channel bell: 0 of 1 items, deaf waits for an item of bell',
        ])
      },
      { ATONCE_DEBUG: '1' },
    ))
})

function withoutAges(text: string): string[] {
  return text.replace(/ (for (at least )?[\d.]+ m?s(?=,|$)|\((at least )?[\d.]+ m?s\))/gm, '').split('\n')
}

/** Looks until so many readers are seen: the program says that its calls run before they wait. */
async function seenIn(program: { readonly pid?: number | undefined }, readers: number): Promise<Ended> {
  for (;;) {
    const look = await atonce(['ps', String(program.pid)])
    const seen = look.stdout.split('reader waits for an item').length - 1
    if (look.code !== 0 || seen >= readers) return look
  }
}

/**
 * The lines of each worker and of what is below it, without its number, which is chance; in order
 * of their calls.
 */
function workersIn(text: string): string[][] {
  const workers: string[][] = []
  for (const line of withoutAges(text).slice(2)) {
    if (/^[├└]─ /.test(line)) workers.push([])
    workers.at(-1)?.push(line.slice(3).replace(/^(thread|process) \d( \(pid \d+\))?/, 'worker'))
  }
  workers.at(-1)?.pop() // The end of the last line.
  return workers.toSorted(([, a = ''], [, b = '']) => (a < b ? -1 : 1))
}

/** Of the worker that is at this call. */
function pidOf(task: string, text: string): number {
  return Number(new RegExp(`\\(pid (\\d+)\\)[^\n]*\n.  .. ${task}:`).exec(text)?.[1])
}
