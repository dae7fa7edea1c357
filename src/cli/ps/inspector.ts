/**
 * The inspector of another program, opened for a question and closed again.
 *
 *     closed ──SIGUSR1──▶ it listens on 127.0.0.1 ──WebSocket──▶ Runtime.evaluate … ──inspector.close() in there──▶ closed
 *     open already (--inspect) ─────────────────────▶ the same, but it is left open
 *
 * Protocol: Chrome DevTools Protocol, domain Runtime. A look interrupts what runs in there, be it a loop that never awaits.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, exitCodes, summaryOf, UsageError } from '../ending.ts'
import { defaultPort, expectedPort, isTaken, listeningPorts } from './port.ts'

export interface Inspector {
  /** The value of an expression in the program's own global scope, as JSON has it. @throws CommandError */
  evaluate(expression: string): Promise<unknown>
  /** Of a promise: what it resolves to, or undefined if it has not within that time. */
  evaluateWithin(ms: number, promise: string): Promise<unknown>
  /** Leaves the program as it was. */
  close(): Promise<void>
}

/** How long Node may take to open it, and the program to answer. */
const openMs = 5_000
const answerMs = 5_000
/** How often is looked whether it is open. */
const pollMs = 30

/**
 * @throws UsageError if it can't be opened: the message says why, and what to do
 * @throws CommandError if the program does not answer in time
 */
export async function openInspector(pid: number, signal: AbortSignal): Promise<Inspector> {
  const expected = await expectedPort(pid)
  const before = await listeningPorts(pid)
  const openAlready = await targetAt(before === undefined || before.includes(expected) ? expected : undefined)
  if (openAlready !== undefined) {
    const inspector = await connect(openAlready, false)
    if (await isProgram(inspector, pid)) return inspector
    await inspector.close()
    throw taken(pid, expected)
  }
  if (expected !== 0 && !before?.includes(expected)) await untilFree(pid, expected, signal)
  askToOpen(pid)
  const target = await untilOpen(pid, expected, before, signal)
  const inspector = await connect(target, true)
  if (await isProgram(inspector, pid)) return inspector
  await inspector.close()
  throw taken(pid, expected)
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
  const untilMs = runtime().now() + openMs
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
): Promise<string> {
  const untilMs = runtime().now() + openMs
  while (runtime().now() < untilMs) {
    signal.throwIfAborted()
    const now = await listeningPorts(pid)
    const ports = now === undefined ? [expected] : now.filter(port => !before?.includes(port))
    for (const port of ports) {
      const target = await targetAt(port)
      if (target !== undefined) return target
    }
    await pause()
  }
  // It may have been opened by the program itself, at a port of its choice; the signal does nothing then.
  for (const port of before ?? []) {
    const target = await targetAt(port)
    if (target !== undefined) return target
  }
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

/** In its own numbering: in a container it has another one. */
async function isProgram(inspector: Inspector, pid: number): Promise<boolean> {
  const own = (await inspector.evaluate('process.pid')) as number
  return own === pid || process.platform === 'linux' // There the port was found by its owner.
}

/** The WebSocket address of the inspector at that port; undefined if there is none. */
async function targetAt(port: number | undefined): Promise<string | undefined> {
  if (port === undefined || port === 0) return undefined
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`, { signal: AbortSignal.timeout(1_000) })
    const [target] = (await answer.json()) as { webSocketDebuggerUrl?: string }[]
    return target?.webSocketDebuggerUrl
  } catch {
    return undefined
  }
}

/** `opened` by us, and so to be closed by us. */
async function connect(url: string, opened: boolean): Promise<Inspector> {
  const socket = new WebSocket(url)
  const answers = new Map<number, (answer: Answer | Error) => void>()
  const lost = () => {
    for (const settle of answers.values())
      settle(new CommandError(exitCodes.failed, 'The program ended while it was looked at.'))
    answers.clear()
  }
  socket.addEventListener('close', lost)
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer & { id?: number }
    if (answer.id === undefined) return
    answers.get(answer.id)?.(answer)
    answers.delete(answer.id)
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener(
      'error',
      () =>
        reject(
          new CommandError(
            exitCodes.failed,
            'The program ended while it was looked at, or refuses a connection.',
          ),
        ),
      { once: true },
    )
  })
  let sent = 0
  const ask = (params: object, withinMs: number) =>
    new Promise<Answer | undefined>((resolve, reject) => {
      sent += 1
      const id = sent
      const timer = runtime().setTimer(withinMs, () => {
        answers.delete(id)
        resolve(undefined)
      })
      answers.set(id, answer => {
        timer.cancel()
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
      if (socket.readyState !== WebSocket.OPEN) return lost()
      socket.send(
        JSON.stringify({ id, method: 'Runtime.evaluate', params: { returnByValue: true, ...params } }),
      )
    })
  return {
    async evaluate(expression) {
      const answer = await ask({ expression, timeout: answerMs }, answerMs + 500)
      if (answer === undefined) {
        throw new CommandError(
          exitCodes.timeout,
          `The program did not answer within ${answerMs / 1_000} s: it is in a call of the system that does not return, or is paused in a debugger.`,
        )
      }
      return valueIn(answer)
    },
    async evaluateWithin(ms, expression) {
      const answer = await ask({ expression, awaitPromise: true }, ms)
      return answer === undefined ? undefined : valueIn(answer)
    },
    async close() {
      // In a turn of its own: it would wait for the end of the very session that asks.
      const expression = `setImmediate(() => process.getBuiltinModule?.('node:inspector').close()), 0`
      if (opened) await ask({ expression }, answerMs).catch(() => {})
      socket.removeEventListener('close', lost)
      if (socket.readyState === WebSocket.CLOSED) return
      const closed = new Promise(resolve => socket.addEventListener('close', resolve, { once: true }))
      socket.close()
      await closed
    },
  }
}

/** An answer of the protocol. */
interface Answer {
  readonly result?: {
    readonly result?: { readonly value?: unknown }
    readonly exceptionDetails?: {
      readonly exception?: { readonly description?: string }
      readonly text: string
    }
  }
  readonly error?: { readonly message: string }
}

function valueIn({ result, error }: Answer): unknown {
  const thrown = result?.exceptionDetails
  const why = error?.message ?? thrown?.exception?.description ?? thrown?.text
  if (why !== undefined)
    throw new CommandError(exitCodes.failed, `The program could not tell what runs in it: ${why}`)
  return result?.result?.value
}

function pause(): Promise<void> {
  return new Promise(resolve => runtime().setTimer(pollMs, resolve))
}
