/** Who can look into a program, and who can't: shown with a second user, so by root only. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { meetingPlace, meetingPrefix, socketName } from '../live/rendezvous.ts'
import { atonce, type Ended, ended, fixtures, start } from './fixtures/command.ts'
import { withProgram } from './fixtures/program.ts'
import { listeningPorts } from './ps/port.ts'

/** Users that no test machine needs to know: a number is enough to the system. */
const [owner, stranger] = [64_001, 64_002]
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const skip =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'needs root on Linux, to be two users'
    : spawnSync(process.execPath, [main, '--version'], { uid: stranger, gid: stranger, cwd: '/' }).status !==
        0
      ? 'another user can’t run this checkout'
      : false

describe('only the user of a program and root look into it', { skip }, () => {
  test('another user’s look is refused, while nobody looks and while somebody does; the program listens nowhere', () =>
    withProgram(['busy-program.ts', 'tree'], async program => {
      const watching = start(['ps', String(program.pid), '--watch', '--json'])
      const end = ended(watching)
      let looks = 0
      for await (const part of watching.stdout ?? []) {
        looks += String(part).split('\n').length - 1
        assert.deepEqual(await listeningPorts(program.pid as number), [])
        const other = await as(stranger, ['ps', String(program.pid)])
        assert.deepEqual([other.code, other.stdout], [2, ''])
        assert.match(other.stderr, /belongs to another user/)
        if (looks > 1) break
      }
      watching.kill('SIGINT')
      assert.equal((await end).code, 0)
      assert.deepEqual(meetings(program), [])
    }))

  test('a program comes to no folder that another user has made for it', () =>
    withProgram(['busy-program.ts', 'tree'], async program => {
      const trap = spawn(process.execPath, ['--eval', trapFor(program.pid as number)], {
        uid: stranger,
        gid: stranger,
        cwd: '/',
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const caught = ended(trap)
      await once(trap.stdout as NodeJS.ReadableStream, 'data')
      const { code, stdout } = await atonce(['ps', String(program.pid)]) // Calls it to its folder, and to the other one.
      assert.match(stdout, /scope crawl/)
      assert.equal(code, 0)
      trap.stdin?.end()
      assert.equal((await caught).stdout, 'set\nend\n')
    }))

  test('root looks into another user’s program, and leaves nothing', () =>
    withProgramOf(owner, async program => {
      const { code, stdout, stderr } = await atonce(['ps', String(program.pid)])
      assert.match(stdout, /scope crawl: running/)
      assert.deepEqual([code, stderr], [0, ''])
      const own = await as(owner, ['ps', String(program.pid)])
      assert.match(own.stdout, /scope crawl: running/)
      assert.deepEqual(meetings(program), [])
    }))
})

function as(uid: number, args: readonly string[]): Promise<Ended> {
  return ended(
    spawn(process.execPath, [main, ...args], { uid, gid: uid, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }),
  )
}

async function withProgramOf(uid: number, body: (program: ChildProcess) => Promise<void>): Promise<void> {
  const program = spawn(process.execPath, [`${fixtures}busy-program.ts`, 'tree'], { uid, gid: uid, cwd: '/' })
  const end = ended(program)
  try {
    await once(program.stdout as NodeJS.ReadableStream, 'data')
    await body(program)
  } finally {
    program.kill('SIGKILL')
    await end
  }
}

function meetings({ pid }: ChildProcess): string[] {
  return readdirSync(meetingPlace).filter(name => name.startsWith(meetingPrefix(pid as number)))
}

/**
 * A program that waits in a folder of its own, as `atonce ps` does; tells who came when its
 * standard input ends.
 */
function trapFor(pid: number): string {
  return `
    const folder = require('node:fs').mkdtempSync('${meetingPlace}/${meetingPrefix(pid)}')
    const server = require('node:net').createServer(() => console.log('came'))
    server.listen(folder + '/${socketName}', () => console.log('set'))
    process.stdin.resume().on('end', () => server.close(() => {
      require('node:fs').rmdirSync(folder)
      console.log('end')
      process.exit()
    }))`
}
