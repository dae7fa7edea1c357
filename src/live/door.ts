/**
 * How `atonce ps` gets into a program: the program connects to the command, if its own user or root
 * has put it there.
 *
 *     SIGURG ─▶ folders in /tmp for this pid ─▶ of my user, closed to all others? ─▶ connect ─▶ inspector session inside of this process
 *                                                                                   socket closed ─▶ session ended
 *
 * What comes over the socket is the inspector's protocol, one JSON message a line. Whoever may send
 * it may also debug the program by other means: the system gives a user's programs to that user and
 * to root. Costs one signal handler until then; keeps nothing alive.
 * docs/decisions/0020-a-private-way-into-programs.md tells why.
 */
import { calling, meetingPlace, meetingPrefix, socketName } from './rendezvous.ts'

const doorKey: unique symbol = Symbol.for('atonce.door') as never

/**
 * From now on; once for each process, whatever copies of atonce are in it. Threads are reached
 * through the main thread.
 */
export function answerLooks(): void {
  const everywhere = globalThis as { [doorKey]?: true }
  if (everywhere[doorKey] || process.platform === 'win32') return
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return
  Object.defineProperty(everywhere, doorKey, { value: true, configurable: true })
  try {
    process.on(calling, meet)
  } catch {
    // A platform that has no such signal can't be looked into.
  }
}

/** Those that are being looked from: a signal may come for each. */
const met = new Set<string>()

function meet(): void {
  try {
    const { readdirSync } = process.getBuiltinModule('node:fs')
    for (const name of readdirSync(meetingPlace)) {
      const folder = `${meetingPlace}/${name}`
      if (name.startsWith(meetingPrefix(process.pid)) && !met.has(folder) && isOwn(folder)) answer(folder)
    }
  } catch {
    // Without access to files there is nobody to meet: the command says that nobody came.
  }
}

/**
 * Only this user, and root, could have made it so, and nobody else can put another one in its
 * place.
 */
function isOwn(folder: string): boolean {
  const { lstatSync, statSync } = process.getBuiltinModule('node:fs')
  const place = statSync(meetingPlace)
  if (place.uid !== 0 || ((place.mode & 0o022) !== 0 && (place.mode & sticky) === 0)) return false
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** In a folder with this bit only owners rename and remove (stat(2)). */
const sticky = 0o1000

function answer(folder: string): void {
  const { Session } = process.getBuiltinModule('node:inspector')
  const socket = process.getBuiltinModule('node:net').connect(`${folder}/${socketName}`)
  met.add(folder)
  socket.unref()
  socket.setEncoding('utf8')
  const session = new Session()
  const send = (message: object) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`))
  socket.on('error', () => {}) // The command has ended; 'close' follows.
  socket.on('close', () => {
    met.delete(folder)
    session.disconnect()
  })
  socket.on('connect', () => {
    session.connect()
    session.on('inspectorNotification', send)
  })
  let begun = ''
  socket.on('data', (text: string) => {
    const lines = (begun + text).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) ask(session, line, send)
  })
}

interface Question {
  readonly id: number
  readonly method: string
  readonly params: object
}

function ask(
  session: { post(method: string, params: object, told: Told): void },
  line: string,
  send: (answer: object) => void,
) {
  const { id, method, params } = JSON.parse(line) as Question
  session.post(method, params, (error, result) =>
    send(error === null ? { id, result } : { id, error: { message: error.message } }),
  )
}

type Told = (error: Error | null, result?: object) => void
