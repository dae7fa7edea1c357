/**
 * The private way into a program: a socket in a folder that only the program's own user and root
 * can enter; the program connects to it when it is called (src/live/door.ts). It needs a program
 * whose event loop turns, and leaves nothing open: the connection ends with this command.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, lchown, mkdir, rmdir, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { calling, meetingPlace, meetingPrefix, socketName } from '../../live/rendezvous.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, exitCodes, reasonOf, UsageError } from '../ending.ts'
import { isGone, ownerOf } from './program.ts'
import { type Opened, Session } from './session.ts'

/** How long a program may take until its event loop turns. */
const turnMs = 5_000

/** Undefined if the program did not come. @throws UsageError if there is no place to meet */
export async function openDoor(pid: number, signal: AbortSignal): Promise<Opened | undefined> {
  const place = await meetingOf(pid)
  try {
    call(pid)
    const socket = await visitor(place.server, pid, signal)
    return socket === undefined ? undefined : opened(socket)
  } finally {
    await place.end() // One visitor is all that comes: what is connected stays so.
  }
}

interface Meeting {
  readonly server: Server
  end(): Promise<void>
}

async function meetingOf(pid: number): Promise<Meeting> {
  const owner = await ownerOf(pid)
  try {
    const folder = join(meetingPlace, `${meetingPrefix(pid)}${randomBytes(6).toString('hex')}`)
    const path = join(folder, socketName)
    const server = createServer()
    // Before there is anything to sweep: this command can be killed at each step.
    const sweeper = sweepWhenKilled(folder, path)
    const end = async () => {
      sweeper?.stdin?.end('over\n')
      server.close()
      await unlink(path).catch(() => {}) // Node has removed it with the server.
      await rmdir(folder).catch(() => {})
    }
    try {
      await mkdir(folder, { mode: 0o700 })
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
      await chmod(path, 0o600)
      if (owner !== undefined && owner.uid !== process.geteuid?.()) {
        // Root looks into another user's program. The folder comes last: until then that user can't
        // change what is in it.
        await chown(path, owner.uid, owner.gid)
        await lchown(folder, owner.uid, owner.gid)
      }
    } catch (error) {
      await end()
      throw error
    }
    return { server, end }
  } catch (error) {
    throw new UsageError(`The program ${pid} can't be met in ${meetingPlace}: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
}

/** If this command is killed, a shell removes what it leaves. */
function sweepWhenKilled(folder: string, path: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const script = `trap '' INT TERM HUP QUIT; read -r over || { rm -f "$1"; rmdir "$0"; }`
  const shell = spawn('/bin/sh', ['-c', script, folder, path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  shell.on('error', () => {}) // There is none.
  shell.stdin.on('error', () => {})
  shell.unref()
  ;(shell.stdin as unknown as Socket).unref()
  return shell
}

function call(pid: number): void {
  try {
    process.kill(pid, calling)
  } catch (error) {
    throw new UsageError(`The program ${pid} can't be asked: ${reasonOf(error)}.`, { cause: error })
  }
}

/** How often to check whether the program is still there. */
const pollMs = 100

async function visitor(server: Server, pid: number, signal: AbortSignal): Promise<Socket | undefined> {
  let come: Socket | undefined
  const coming = Promise.withResolvers<void>()
  server.once('connection', socket => {
    come = socket
    coming.resolve()
  })
  const untilMs = runtime().now() + turnMs
  while (come === undefined && runtime().now() < untilMs) {
    signal.throwIfAborted()
    if (isGone(pid))
      throw new CommandError(exitCodes.failed, `The program ${pid} ended while it was looked at.`)
    let timer: { cancel(): void } | undefined
    await Promise.race([
      coming.promise,
      new Promise<void>(resolve => {
        timer = runtime().setTimer(pollMs, resolve)
      }),
    ])
    timer?.cancel()
  }
  return come
}

function opened(socket: Socket): Opened {
  socket.setEncoding('utf8')
  const session = new Session({
    send: text => {
      if (socket.writable) socket.write(`${text}\n`)
      return socket.writable
    },
    close: () => socket.destroy(),
  })
  socket.on('error', () => {}) // 'close' follows.
  socket.on('close', () => session.ended())
  let begun: string[] = [] // An answer may come in many parts: they are joined once.
  socket.on('data', (text: string) => {
    const [first = '', ...lines] = text.split('\n')
    begun.push(first)
    for (const next of lines) {
      session.receive(begun.join(''))
      begun = [next]
    }
  })
  return {
    threads: session.threads,
    evaluate: expression => session.evaluate(expression),
    evaluateWithin: (ms, promise) => session.evaluateWithin(ms, promise),
    close: () => session.leave(),
  }
}
