/**
 * Writes to what is not a plain file, and to what is full. Devices are made in a folder of the
 * test's own; never are those of the machine touched.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { atonce, type Ended, ended, fixtures, start } from './fixtures/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-output-'))
after(() => rmSync(folder, { recursive: true }))

const posix = process.platform !== 'win32'
const onPosix = posix ? {} : { skip: 'needs POSIX files' }
const byRoot = process.getuid?.() === 0 ? {} : { skip: 'needs root, to make a device' }
/** A device in our own folder: 1,3 is null, 1,7 is full (null(4), full(4)). */
const device = (name: string, minor: number) => {
  execFileSync('mknod', [join(folder, name), 'c', '1', String(minor)])
  return join(folder, name)
}
const square = (output: string) => ['run', 'tasks.ts#square', '--input', '[1,2,3]', '--output', output]
const squares = '1\n4\n9\n'

describe('--output looks first', { concurrency: 2 }, () => {
  test('a device is written into and stays one', byRoot, async () => {
    const path = device('null', 3)
    assert.equal((await atonce(square(path))).code, 0)
    assert.ok(statSync(path).isCharacterDevice())
  })

  test('the reader of a FIFO gets the results, however late it comes', onPosix, async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const writing = atonce(square(path))
    const reader = spawn('cat', [path])
    assert.equal((await ended(reader)).stdout, squares)
    assert.deepEqual(await writing, { code: 0, stdout: '', stderr: '' })
    assert.ok(statSync(path).isFIFO())
  })

  test('/dev/stdout is standard output, whatever that is', onPosix, async () => {
    assert.deepEqual(await atonce(square('/dev/stdout')), { code: 0, stdout: squares, stderr: '' })
    const log = join(folder, 'log')
    await shell('echo first > "$LOG"; "$@" >> "$LOG"', square('/dev/stdout'), { LOG: log })
    assert.equal(readFileSync(log, 'utf8'), `first\n${squares}`)
  })

  test('what a shell makes of >(command) is written into', { skip: !hasBash() }, async () => {
    const { code, stdout } = await shell('"$@" --output >(cat)', square('').slice(0, -2))
    assert.deepEqual([code, stdout], [0, squares])
  })

  test(
    'a link stays, and what it names takes the results, keeping its mode and its owner',
    onPosix,
    async () => {
      const [target, link] = [join(folder, 'target'), join(folder, 'link')]
      writeFileSync(target, 'old\n')
      if (process.getuid?.() === 0) chownSync(target, 12_345, 54_321)
      chmodSync(target, 0o640)
      const { uid, gid } = statSync(target)
      symlinkSync('target', link)
      assert.equal((await atonce(square(link))).code, 0)
      assert.equal(readlinkSync(link), 'target')
      assert.equal(readFileSync(target, 'utf8'), squares)
      const kept = statSync(target)
      assert.deepEqual([kept.mode & 0o777, kept.uid, kept.gid], [0o640, uid, gid])
    },
  )

  test('a link to nothing yet gets its file where it points', onPosix, async () => {
    mkdirSync(join(folder, 'deep'))
    const link = join(folder, 'deep', 'link')
    symlinkSync('../made', link)
    assert.equal((await atonce(square(link))).code, 0)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.equal(readFileSync(join(folder, 'made'), 'utf8'), squares)
  })

  test(
    'links in a circle, and a descriptor that nobody opened, are told before any work',
    onPosix,
    async () => {
      const circle = join(folder, 'circle')
      symlinkSync('circle', circle)
      const round = await atonce(square(circle))
      assert.match(
        round.stderr,
        /^atonce: \S+circle can't be written: its links go round in a circle\.[^\n]*\n$/,
      )
      const closed = await atonce(square('/dev/fd/97'))
      assert.match(closed.stderr, /^atonce: \/dev\/fd\/97 can't be written: no such descriptor is open\.\n$/)
      assert.deepEqual([round.code, closed.code], [2, 2])
    },
  )

  test('Ctrl-C ends a command whose reader has stopped reading', onPosix, async () => {
    const path = join(folder, 'stuck')
    execFileSync('mkfifo', [path])
    const inputs = join(folder, 'long.ndjson')
    const text = JSON.stringify('x'.repeat(100_000))
    writeFileSync(inputs, `${text}\n`.repeat(20))
    const reader = spawn('sh', ['-c', 'exec 3< "$0"; head -c 1 <&3; exec sleep 1000', path])
    const command = start(['run', 'tasks.ts#echo', '--input', inputs, '--output', path])
    const end = ended(command)
    await once(reader.stdout, 'data')
    command.kill('SIGINT')
    assert.deepEqual(await end, { code: 130, stdout: '', stderr: 'atonce: Interrupted (SIGINT).\n' })
    reader.kill('SIGKILL')
  })
})

describe('what could not be written is one line and a failure', { concurrency: 2 }, () => {
  const full = (name: string, code: number, { code: got, stderr }: Ended) => {
    const line = new RegExp(`^atonce: ${name} can't be written: no space is left on the device\\.\\n$`)
    assert.match(stderr, line)
    assert.equal(got, code)
  }

  test('a device that is full', byRoot, async () =>
    full('\\S+full', 1, await atonce(square(device('full', 7)))),
  )

  test('standard output on a device that is full', byRoot, async () => {
    const FULL = device('full-too', 7)
    for (const args of [square('').slice(0, -2), ['gallery', 'list'], ['doctor', '--json']])
      full('Standard output', 1, await shell('"$@" > "$FULL"', args, { FULL }))
  })

  test('a file that takes a part only: nothing is left beside it, and the old one stays', {
    skip: !hasBash(),
  }, async () => {
    const place = mkdtempSync(join(folder, 'limited-'))
    const inputs = join(folder, 'many.ndjson')
    writeFileSync(inputs, Array.from({ length: 3_000 }, (_, n) => n).join('\n'))
    writeFileSync(join(place, 'old'), 'old\n')
    const args = ['run', 'tasks.ts#square', '--input', inputs, '--output', join(place, 'old')]
    // The limit counts in blocks of 1,024 bytes; the signal that comes with it is let go by.
    const limited = await shell('trap "" XFSZ; ulimit -f 8; "$@"', args)
    assert.match(
      limited.stderr,
      /^atonce: \S+old can't be written: the file would grow larger than is allowed\.\n$/,
    )
    assert.equal(limited.code, 1)
    assert.deepEqual([readdirSync(place), readFileSync(join(place, 'old'), 'utf8')], [['old'], 'old\n'])
    const toStdout = await shell('trap "" XFSZ; ulimit -f 8; "$@" > "$NEW"', args.slice(0, -2), {
      NEW: join(place, 'new'),
    })
    assert.match(toStdout.stderr, /^atonce: Standard output can't be written: [^\n]+\n$/)
    assert.equal(toStdout.code, 1)
  })

  test('a FIFO whose reader has gone', { skip: !hasBash() }, async () => {
    const inputs = join(folder, 'more.ndjson')
    writeFileSync(inputs, Array.from({ length: 30_000 }, (_, n) => n).join('\n'))
    const args = ['run', 'tasks.ts#square', '--input', inputs]
    const { code, stderr } = await shell('"$@" --output >(exec true)', args)
    assert.match(stderr, /^atonce: \/dev\/fd\/\d+ can't be written: its reader has gone\.\n$/)
    assert.equal(code, 1)
  })
})

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Runs `script` in bash, with the command as its words. */
function shell(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const words = ['-c', script, 'bash', process.execPath, main, ...args]
  return ended(
    spawn('bash', words, {
      cwd: fixtures,
      env: { ...process.env, NO_COLOR: '1', ATONCE_WORKERS: '2', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

function hasBash(): boolean {
  try {
    execFileSync('bash', ['-c', 'true'])
    return posix
  } catch {
    return false
  }
}
