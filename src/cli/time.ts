/**
 * `atonce time -- <command>`: how long any command takes, with how much CPU of its whole tree, and
 * what that says.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { isDisturbed, machineBusyMs } from '../measure/machine-load.ts'
import { tellsOfChildren, treeCpu } from '../measure/process-tree.ts'
import { machine } from '../pool/machine.ts'
import { runtime } from '../runtime/runtime.ts'
import { CommandError, type ExitCode, exitCodes, reasonOf, UsageError } from './ending.ts'
import { cores, cpuSeconds, duration, megabytes } from './figures.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'
import { emphasis, quiet } from './style.ts'

/**
 * The command's own output stays where it goes and ours goes to standard error. With `--json`
 * standard output holds our document alone: what the command prints goes to standard error.
 */
export async function time(
  words: readonly string[],
  { json }: { readonly json?: boolean },
): Promise<ExitCode> {
  const [command, ...args] = words
  if (command === undefined)
    throw new UsageError('atonce time takes a command, as atonce time -- node program.js')
  const busyBefore = machineBusyMs()
  const [before, ownBefore] = [treeCpu([]), process.cpuUsage()]
  const begun = runtime().now()
  const child = spawn(command, args, { stdio: ['inherit', json ? process.stderr.fd : 'inherit', 'inherit'] })
  const memory = watchMemory(child.pid)
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      child.once('error', error => reject(notStarted(command, error)))
    },
  ).finally(memory.stop)
  const wallMs = runtime().now() - begun
  const [after, own] = [treeCpu([]), process.cpuUsage(ownBefore)]
  const userMs = partOf(before?.userMs, after?.userMs, own.user)
  const systemMs = partOf(before?.systemMs, after?.systemMs, own.system)
  const told = tellsOfChildren() && userMs !== undefined && systemMs !== undefined
  const coresBusy = told && wallMs >= shortestMs ? (userMs + systemMs) / wallMs : undefined
  const foreignCores =
    coresBusy === undefined ? undefined : Math.max(0, (machineBusyMs() - busyBefore) / wallMs - coresBusy)
  const sentence = sentenceOf(coresBusy, foreignCores, wallMs)
  const peakBytes = memory.peakBytes()
  const next = 'npx atonce compare ./your-module.ts#task --input …'
  if (json) {
    const figures = told ? { userMs, systemMs, coresBusy, foreignCores, peakBytes } : {}
    await print(
      `${jsonDocument({ schema: 'atonce.time/1', command: words, exitCode: code, signal, wallMs, ...figures, sentence, next })}\n`,
    )
  } else {
    process.stderr.write(
      [
        `real ${duration(wallMs)}   user ${told ? cpuSeconds(userMs) : '–'}   sys ${told ? cpuSeconds(systemMs) : '–'}   cores busy ${cores(coresBusy)}   peak ${megabytes(peakBytes)}`,
        emphasis(sentence),
        quiet(
          `${foreignCores === undefined ? '' : `Others kept ${cores(foreignCores)} cores busy. `}Next: ${next}`,
        ),
        '',
      ].join('\n'),
    )
  }
  return (code ?? 128 + (signal === null ? 0 : constants.signals[signal])) as ExitCode
}

/** With the exit codes that shells have for it. */
function notStarted(command: string, error: Error): CommandError {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  if (missing && !(/[\\/]/.test(command) && existsSync(command)))
    return new CommandError(exitCodes.notFound, `${command}: command not found.`, { cause: error })
  const why = missing ? 'the interpreter that its first line names is not there' : reasonOf(error)
  return new CommandError(exitCodes.notExecutable, `${command} can't be executed: ${why}.`, { cause: error })
}

/** The system counts the CPU time of ended children in ticks of 10 ms. */
const shortestMs = 50

function partOf(before: number | undefined, after: number | undefined, ownUs: number): number | undefined {
  return before === undefined || after === undefined ? undefined : Math.max(0, after - before - ownUs / 1_000)
}

function sentenceOf(coresBusy: number | undefined, foreignCores: number | undefined, wallMs: number): string {
  if (coresBusy === undefined)
    return wallMs < shortestMs
      ? `It took ${duration(wallMs)}: too short to say how many cores were busy.`
      : `It took ${duration(wallMs)}; this system does not tell the CPU time of other processes (no /proc that can be read).`
  const load = { ownCores: coresBusy, foreignCores: foreignCores ?? 0, cores: machine().cores }
  if (isDisturbed(load))
    return `${coresBusy.toFixed(2)} cores busy; others had the rest of the machine (${load.foreignCores.toFixed(2)} cores), so it may have waited for them.`
  if (coresBusy < 0.25) return `Mostly waiting: it computed for ${Math.round(100 * coresBusy)} % of the time.`
  if (coresBusy < 0.8) return `Waiting for a good part of the time: ${coresBusy.toFixed(2)} cores busy.`
  return coresBusy < 1.15
    ? 'One core busy: more cores would not have helped as it is.'
    : `${coresBusy.toFixed(1)} cores busy.`
}

const lookMs = 20

/** The resident memory of the command and all that it started, looked at every 20 ms. */
function watchMemory(pid: number | undefined): { stop(): void; peakBytes(): number | undefined } {
  let peak = 0
  const look = () => {
    if (pid !== undefined) peak = Math.max(peak, residentKiB(pid))
  }
  look()
  let timer = runtime().setTimer(lookMs, again)
  function again(): void {
    look()
    timer = runtime().setTimer(lookMs, again)
  }
  return { stop: () => timer.cancel(), peakBytes: () => (peak === 0 ? undefined : peak * 1024) }
}

function residentKiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    const own = Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0)
    return own + children.reduce((total, child) => total + residentKiB(Number(child)), 0)
  } catch {
    return 0
  }
}
