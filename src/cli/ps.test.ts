/**
 * Looks into programs that really run. What opens its inspector does so at a free port, so that
 * tests can run beside each other.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { meetingPlace, meetingPrefix } from '../live/rendezvous.ts'
import { atonce, ended, start } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'
import { endOf, pause, run, untilPorts, withProgram } from './fixtures/program.ts'
import { listeningPorts } from './ps/port.ts'

const linux = process.platform === 'linux'

describe('ps', { concurrency: 2 }, () => {
  test('shows scopes, executors, workers, calls and waits, twice, and leaves no inspector behind', () =>
    withProgram(['busy-program.ts', 'tree'], async program => {
      const pid = String(program.pid)
      const first = await atonce(['ps', pid])
      assert.deepEqual([first.code, first.stderr], [0, ''])
      assert.equal(
        first.stdout.replace(/(running) for [\d.]+ m?s/g, '$1'),
        [
          `busy-program.ts  pid ${pid}, Node ${process.version}`,
          'scope crawl: running, its body waits for a future to settle and a future to settle and a future to settle',
          '├─ child sleeper: running, waits for 600000 ms to pass',
          '└─ child parent: running, waits for inner to end',
          '   └─ scope inner: running, its body waits for 600000 ms to pass',
          'main: waits for crawl to end',
          'executor mill (threads): open, 2 running, 2 waiting, 0 done',
          '├─ thread 1: busy',
          '│  ├─ holdBoth: running, waits for hold to end',
          '│  └─ hold: running, made by holdBoth, waits for 600000 ms to pass',
          '└─ hold ×2: queued',
          '',
        ].join('\n'),
      )
      if (linux) await untilPorts(program, [])
      const second = await atonce(['ps', pid])
      assert.match(second.stdout, /child sleeper: running for at least [\d.]+ m?s, waits for 600000 ms/)
      if (linux) await untilPorts(program, [])
      program.kill()
      assert.equal((await endOf(program)).stderr, '')
    }))

  test('--json gives one document with its schema, and exact ages where the program notes them', () =>
    withProgram(
      ['busy-program.ts', 'tree'],
      async program => {
        const { stdout } = await atonce(['ps', String(program.pid), '--json'])
        const document = JSON.parse(stdout)
        assertDocumented(document, ['stack'])
        const { schema, pid, blocked, trees } = document
        assert.deepEqual([schema, pid, blocked, trees.length], ['atonce.ps/1', program.pid, false, 1])
        const [crawl] = trees[0].scopes
        assert.deepEqual([crawl.name, crawl.state, crawl.age.atLeast], ['crawl', 'running', false])
        assert.ok(crawl.age.ms > 0)
      },
      { ATONCE_DEBUG: '1' },
    ))

  test('a program whose code never awaits is looked into only if its inspector may be opened, which is closed again', () =>
    withProgram(['busy-program.ts', 'loop'], async program => {
      const pid = String(program.pid)
      const asked = await atonce(['ps', pid])
      assert.match(
        asked.stderr,
        /^atonce: The event loop of the program \d+ does not turn: [^\n]+ --open-inspector [^\n]+ every user of this machine [^\n]+\n$/,
      )
      assert.deepEqual([asked.code, asked.stdout], [124, ''])
      if (linux) assert.deepEqual(await listeningPorts(program.pid as number), [])
      for (let look = 0; look < 2; look += 1) {
        const { code, stdout } = await atonce(['ps', pid, '--open-inspector'])
        assert.match(stdout, /Its event loop has not turned for 500 ms.*\nscope starved: running/)
        assert.equal(code, 0)
        if (linux) await untilPorts(program, [])
      }
      assert.equal(program.exitCode, null)
    }))

  /** A busy machine may keep the program, and whoever looks at its ports, from its turn. */
  const starvedMs = 20_000
  for (const [kind, args] of [
    ['a program that turns', ['busy-workers.ts', 'own']],
    ['a program that never awaits', ['busy-program.ts', 'loop']],
  ] as const)
    test(
      `a command that is killed leaves no inspector open in ${kind}, 10 s later at most`,
      {
        skip: !linux,
        timeout: 60_000,
      },
      () =>
        withProgram(args, async program => {
          const watching = start(['ps', String(program.pid), '--open-inspector', '--watch'])
          const end = ended(watching)
          await once(watching.stdout as NodeJS.ReadableStream, 'data')
          assert.equal((await listeningPorts(program.pid as number))?.length, 1)
          watching.kill('SIGKILL')
          const killedMs = performance.now()
          await end
          await untilPorts(program, [])
          assert.ok(performance.now() - killedMs < 10_000 + starvedMs)
          assert.equal(program.exitCode, null)
        }),
    )

  test(
    'a command that is killed while it waits for a program leaves no folder',
    { skip: process.platform === 'win32', timeout: 60_000 },
    () =>
      withProgram(['busy-program.ts', 'loop'], async program => {
        const folders = () =>
          readdirSync(meetingPlace).filter(name => name.startsWith(meetingPrefix(program.pid as number)))
        const asking = start(['ps', String(program.pid)])
        const end = ended(asking)
        while (folders().length === 0) await pause()
        asking.kill('SIGKILL')
        await end
        while (folders().length > 0) await pause()
      }),
  )

  test(
    'a program in a call of the system can’t be looked into, and its inspector is not asked for',
    { skip: !linux },
    () =>
      withProgram(['busy-program.ts', 'blocked'], async program => {
        for (const more of [[], ['--open-inspector']]) {
          const { code, stdout, stderr } = await atonce(['ps', String(program.pid), ...more])
          assert.match(stderr, /^atonce: [^\n]+ it is in a call of the system that does not return [^\n]+\n$/)
          assert.deepEqual([code, stdout], [124, ''])
        }
        program.stdin?.end() // The call returns.
        const { code } = await atonce(['ps', String(program.pid)])
        assert.deepEqual([code, await listeningPorts(program.pid as number)], [0, []])
      }),
  )

  test('an inspector that is open is used, and left open', { skip: !linux }, () =>
    withProgram(
      ['busy-program.ts', 'loop'],
      async program => {
        const before = await listeningPorts(program.pid as number)
        assert.equal(before?.length, 1)
        const { code, stdout } = await atonce(['ps', String(program.pid), '--open-inspector'])
        assert.match(stdout, /scope starved: running/)
        assert.equal(code, 0)
        assert.deepEqual(await listeningPorts(program.pid as number), before)
      },
      { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    ),
  )

  test('a port that another program has is told, with what to do, and the program is not asked', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    try {
      await withProgram(
        ['busy-program.ts', 'loop'],
        async program => {
          const { code, stderr } = await atonce(['ps', String(program.pid), '--open-inspector'])
          assert.match(
            stderr,
            new RegExp(
              `^atonce: The program \\d+ would be looked at by port ${port}, which another program has\\. [^\\n]+\\n$`,
            ),
          )
          assert.equal(code, 2)
          program.kill('SIGKILL')
          assert.doesNotMatch((await endOf(program)).stderr, /inspector/)
        },
        { NODE_OPTIONS: `--inspect-port=${port}` },
      )
    } finally {
      server.close()
    }
  })

  test('--watch looks until Ctrl-C, which is not a failure', { skip: process.platform === 'win32' }, () =>
    withProgram(['busy-program.ts', 'tree'], async program => {
      const watching = start(['ps', String(program.pid), '--watch', '--json'])
      const end = ended(watching)
      let text = ''
      for await (const part of watching.stdout ?? []) {
        text += part
        if (text.split('\n').length > 2) break
      }
      watching.kill('SIGINT')
      assert.deepEqual([(await end).code, (await end).stderr], [0, ''])
      const [first, second] = text.split('\n').map(line => line && JSON.parse(line))
      assert.ok(second.uptimeMs > first.uptimeMs)
      if (linux) await untilPorts(program, [])
    }),
  )

  test('of several copies of atonce each is told', () =>
    withProgram(['busy-program.ts', 'copies'], async program => {
      const { code, stdout } = await atonce(['ps', String(program.pid)])
      assert.deepEqual(
        [code, stdout.split('\n').slice(1)],
        [
          0,
          [
            'copy 1 of atonce',
            'scope first: running, its body waits for 600000 ms to pass',
            'main: waits for first to end',
            'copy 2 of atonce',
            '',
          ],
        ],
      )
    }))

  test('a program with another version of atonce is told so, with what to type', () =>
    withProgram(['busy-program.ts', 'later'], async program => {
      const { code, stderr } = await atonce(['ps', String(program.pid)])
      assert.match(
        stderr,
        /^atonce: The program \d+ has another version of atonce than this command\. [^\n]+\n$/,
      )
      assert.equal(code, 1)
    }))

  test('a Node program without atonce is told so', () =>
    withProgram(['no-atonce.ts'], async program => {
      const { code, stdout, stderr } = await atonce(['ps', String(program.pid)])
      assert.match(
        stderr,
        /^atonce: The program \d+ has made no scope and no executor of atonce yet, [^\n]+\n$/,
      )
      assert.deepEqual([code, stdout], [1, ''])
    }))

  test('a process that is not a Node program gets no signal: it would end of it', {
    skip: !linux,
  }, async () => {
    const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      await once(cat, 'spawn')
      cat.stdin.write('up\n')
      await once(cat.stdout, 'data')
      const { code, stderr } = await atonce(['ps', String(cat.pid)])
      assert.match(stderr, /^atonce: The process \d+ \(cat\) is not a Node program\. [^\n]+\n$/)
      assert.equal(code, 2)
      assert.deepEqual([cat.exitCode, cat.signalCode], [null, null])
    } finally {
      cat.kill()
    }
  })

  test('a program that does not take the signal of the inspector gets none', { skip: !linux }, () =>
    withProgram(
      ['busy-program.ts', 'loop'],
      async program => {
        const { code, stderr } = await atonce(['ps', String(program.pid), '--open-inspector'])
        assert.match(stderr, /does not take SIGUSR1/)
        assert.deepEqual([code, program.exitCode, program.signalCode], [2, null, null])
      },
      { NODE_OPTIONS: '--disable-sigusr1' },
    ),
  )

  test('a stopped program is told so', { skip: !linux }, () =>
    withProgram(['no-atonce.ts'], async program => {
      program.kill('SIGSTOP')
      const { code, stderr } = await atonce(['ps', String(program.pid)])
      assert.match(stderr, /is stopped\. Let it go on first: kill -CONT \d+/)
      assert.equal(code, 2)
    }),
  )

  test('a process that has ended is told so, with how to find others', async () => {
    const gone = spawn(process.execPath, ['--eval', ''])
    await once(gone, 'close')
    const { code, stderr } = await atonce(['ps', String(gone.pid)])
    assert.match(stderr, /^atonce: There is no process \d+; it may have ended\. To find programs: [^\n]+\n$/)
    assert.equal(code, 2)
  })

  test('without a pid it lists Node programs', { skip: !linux }, () =>
    withProgram(['no-atonce.ts'], async program => {
      const { code, stdout } = await atonce(['ps'])
      assert.match(stdout, new RegExp(`^\\s*${program.pid}\\s+${process.pid}\\s.*no-atonce\\.ts`, 'm'))
      assert.equal(code, 0)
      const document = JSON.parse((await atonce(['ps', '--json'])).stdout)
      assertDocumented(document)
      assert.ok(document.programs.some(({ pid }: { pid: number }) => pid === program.pid))
    }),
  )
})

describe('ATONCE_DEBUG=1', () => {
  test('says who waits for what when the program ends with waits that nothing can wake', async () => {
    const program = run(['busy-program.ts', 'stuck'], { ATONCE_DEBUG: '1' })
    const { code, stderr } = await endOf(program)
    const told = stderr
      .split('\nWarning: Detected unsettled')[0]
      ?.replace(/ (for [\d.]+ m?s|\([\d.]+ m?s\))/g, '')
    assert.equal(
      told,
      [
        `atonce (pid ${program.pid}): The program ends, but these wait, and nothing can wake them:`,
        '  scope house: closing',
        '  ├─ child ringer: running',
        '  └─ child listener: running, waits for ringer to end',
        '  main: waits for house to end',
      ].join('\n'),
    )
    assert.equal(code, 13)
  })

  test('without it nothing is said', async () => {
    const { code, stderr } = await endOf(run(['busy-program.ts', 'stuck'], { ATONCE_DEBUG: '' }))
    assert.doesNotMatch(stderr, /atonce \(pid/)
    assert.equal(code, 13)
  })
})
