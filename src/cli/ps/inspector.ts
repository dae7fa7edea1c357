/**
 * The inspector of another program, opened for a question and closed again.
 *
 *     closed ──SIGUSR1──▶ it listens on 127.0.0.1 ──WebSocket──▶ Runtime.evaluate … ──inspector.close() in there──▶ closed
 *     open already (--inspect) ─────────────────────▶ the same, but it is left open
 *
 * Protocol: Chrome DevTools Protocol, domain Runtime (conversation.ts), and Node's for its threads
 * (threads.ts). A look interrupts what runs in there, be it a loop that never awaits.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, exitCodes, summaryOf, UsageError } from '../ending.ts'
import { closed, type LeftOpen, opens } from './closer.ts'
import { LostError } from './conversation.ts'
import { defaultPort, isTaken, listeningPorts, startedWith } from './port.ts'
import { isGone, mainThreadOf } from './program.ts'
import {
  beat,
  closeInspector,
  closeNow,
  guarded,
  notLater,
  ownPid,
  takeOver,
  unguarded,
} from './questions.ts'
import { type Opened, Session } from './session.ts'

/** How long Node may take to open it, and the program to answer. */
const openMs = 5_000
/** How long another look at another program, by the same port, is waited for. */
const freeMs = 3_000
/**
 * How long a program may take to close it in a turn of its event loop, before it is made to do so
 * at once.
 */
const closeMs = 1_000
/** How long it may take until it stands; so often it must be seen to. */
const standMs = 2_000
const standingLooks = 3
/** How often to check whether it is open. */
const pollMs = 30

/**
 * @throws UsageError if it can't be opened: the message says why, and what to do
 * @throws CommandError if the program does not answer in time
 */
export async function openInspector(pid: number, signal: AbortSignal): Promise<Opened> {
  const { port, inspecting } = await startedWith(pid)
  const before = await listeningPorts(pid)
  const found = await openAlready(port, inspecting, before)
  const { url, opened } =
    found === undefined ? await open(pid, port, before, signal) : { url: found, opened: false }
  const session = await connect(url)
  // On Linux the port was found by its owner.
  if (process.platform !== 'linux' && (await session.evaluate(ownPid)) !== pid) {
    await session.leave()
    throw taken(pid, port)
  }
  const ours = opened || (await session.evaluate(takeOver)) === true
  if (ours) {
    if (!opened) opens({ pid, port: Number(new URL(url).port), before: undefined })
    await session.evaluate(guarded)
  }
  const close = async () => {
    if (ours) await closeFromInside(pid, session)
    await session.leave()
    if (ours) closed(pid)
  }
  return {
    threads: session.threads,
    evaluate: expression => session.evaluate(`${beat}, ${expression}`),
    evaluateWithin: (ms, promise) => session.evaluateWithin(ms, promise),
    close,
  }
}

/** For the process that does it when this command was killed (closer.ts). */
export async function closeLeftOpen({ pid, port, before }: LeftOpen, signal: AbortSignal): Promise<void> {
  const found = before === undefined ? await firstTarget([port]) : undefined
  const url = found ?? (await untilOpen(pid, port, before, signal)).url
  const session = await connect(url)
  await closeFromInside(pid, session)
  await session.leave()
}

/**
 * The inspector's address, if it listens already; servers of the program are not asked without
 * need.
 */
async function openAlready(
  port: number,
  inspecting: boolean,
  own: readonly number[] | undefined,
): Promise<string | undefined> {
  const ports = own === undefined ? [port] : inspecting ? own : own.filter(one => one === port)
  return await firstTarget(ports)
}

/**
 * The program ends the session by closing its inspector. To end the session from here at that very
 * moment is to be avoided: nine of three hundred looks have killed the program so (Node 24.21,
 * SIGSEGV), of two thousand that waited for the program none.
 *
 * A program whose event loop does not turn is made to close it in the middle of its code. It then
 * stands until the session has ended, which is ended from here when it surely stands.
 */
async function closeFromInside(pid: number, session: Session): Promise<void> {
  try {
    await session.evaluate(`${unguarded}, ${closeInspector}`)
    if (await session.endsWithin(closeMs)) return
    await session.evaluate(notLater)
    void session.evaluate(closeNow).catch(() => {})
    await untilItStands(pid, session)
  } catch {
    // It has ended meanwhile, or will not listen: nothing more can be done for it.
  }
}

/** Then it waits for the thread of its inspector, for good. */
async function untilItStands(pid: number, session: Session): Promise<void> {
  const untilMs = runtime().now() + standMs
  for (let seen = 0; seen < standingLooks && runtime().now() < untilMs; ) {
    if (await session.endsWithin(pollMs)) return
    seen = (await mainThreadOf(pid)) === 'another thread' ? seen + 1 : 0
  }
}

async function open(
  pid: number,
  port: number,
  before: readonly number[] | undefined,
  signal: AbortSignal,
): Promise<{ url: string; opened: boolean }> {
  if (port !== 0) await untilFree(pid, port, signal)
  opens({ pid, port, before })
  askToOpen(pid)
  return await untilOpen(pid, port, before, signal)
}

function askToOpen(pid: number): void {
  try {
    ;(process as unknown as { _debugProcess(pid: number): void })._debugProcess(pid)
  } catch (error) {
    throw new UsageError(`The program ${pid} can't be asked: ${summaryOf(error)}`, { cause: error })
  }
}

/** Another command may be looking at another program: that is over in a moment. */
async function untilFree(pid: number, port: number, signal: AbortSignal): Promise<void> {
  const untilMs = runtime().now() + freeMs
  while (await isTaken(port)) {
    signal.throwIfAborted()
    if (runtime().now() > untilMs) throw taken(pid, port)
    await pause()
  }
}

async function untilOpen(
  pid: number,
  expected: number,
  before: readonly number[] | undefined,
  signal: AbortSignal,
): Promise<{ url: string; opened: boolean }> {
  const untilMs = runtime().now() + openMs
  while (runtime().now() < untilMs) {
    signal.throwIfAborted()
    const now = await listeningPorts(pid)
    const ports = now === undefined ? [expected] : now.filter(port => !before?.includes(port))
    const url = await firstTarget(ports)
    if (url !== undefined) return { url, opened: true }
    if (isGone(pid))
      throw new CommandError(exitCodes.failed, `The program ${pid} ended while it was looked at.`)
    await pause()
  }
  // It may have been opened by the program itself, at a port of its choice; the signal does nothing
  // then.
  const url = await firstTarget(before ?? [])
  if (url !== undefined) return { url, opened: false }
  throw new CommandError(
    exitCodes.timeout,
    `The program ${pid} did not open its inspector within ${openMs / 1_000} s. It is in a call of the system that does not return (as execFileSync), or has a SIGUSR1 handler of its own; in the first case it opens its inspector when it goes on.`,
  )
}

function taken(pid: number, port: number): UsageError {
  return new UsageError(
    `The program ${pid} would be looked at by port ${port}, which another program has. End that one, or start this one with any free port: NODE_OPTIONS=--inspect-port=0 node …${port === defaultPort ? ' A debugger or node --inspect takes it, most often.' : ''}`,
  )
}

/** The WebSocket address of the first of these ports that is an inspector's. */
async function firstTarget(ports: readonly number[]): Promise<string | undefined> {
  for (const port of ports.filter(port => port !== 0)) {
    const url = await fetch(`http://127.0.0.1:${port}/json/list`, { signal: AbortSignal.timeout(1_000) })
      .then(async answer => ((await answer.json()) as Target[])[0]?.webSocketDebuggerUrl)
      .catch(() => undefined)
    if (url !== undefined) return url
  }
  return undefined
}

interface Target {
  readonly webSocketDebuggerUrl?: string
}

async function connect(url: string): Promise<Session> {
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    const refused = () =>
      reject(new LostError('The program ended while it was looked at, or refuses a connection.'))
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', refused, { once: true })
  })
  const session = new Session({
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
      return socket.readyState === WebSocket.OPEN
    },
    close: () => socket.close(),
  })
  socket.addEventListener('close', () => session.ended())
  socket.addEventListener('message', ({ data }) => session.receive(String(data)))
  // A program that ends while it is looked at would wait for the end of the session: so it says
  // that it waits.
  await session.request('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true })
  return session
}

function pause(): Promise<void> {
  return new Promise(resolve => runtime().setTimer(pollMs, resolve))
}
