/**
 * `atonce ps <pid>`: what runs in a program that runs: scopes, executors, workers, calls, and who
 * waits for what.
 *
 *     pid ─▶ open.ts ─┬─ door.ts: the program connects to us, and is open to nobody else ─┐
 *                     └─ inspector.ts: with --open-inspector, closed again ──────────────┴─▶ look-into.ts (asks it, its threads, its
 *     worker processes) ─▶ join.ts ─▶ tree ─▶ text or JSON
 *
 * Why so: docs/decisions/0020-a-private-way-into-programs.md.
 */
import { basename } from 'node:path'
import { harmless } from '../live/harmless.ts'
import { placeText, treeLines } from '../live/print.ts'
import { type LiveTree, treeVersion } from '../live/tree.ts'
import { runtime } from '../runtime/runtime.ts'
import { CommandError, type ExitCode, exitCodes, shortened, UsageError } from './ending.ts'
import { interruptible } from './interruption.ts'
import { jsonDocument, jsonLine } from './json.ts'
import { print } from './print.ts'
import { joinedTrees } from './ps/join.ts'
import { lookInto, turnMs, Workers } from './ps/look-into.ts'
import { openProgram } from './ps/open.ts'
import { listPrograms } from './ps/program.ts'
import type { Opened } from './ps/session.ts'
import { resultStream } from './result-stream.ts'
import { emphasis, quiet } from './style.ts'
import { table, widthOfOutput } from './table.ts'

export interface PsOptions {
  readonly json?: boolean
  readonly watch?: boolean
  /**
   * Whether Node's inspector may be opened, for every user of the machine, where the program can't
   * be looked into otherwise.
   */
  readonly openInspector?: boolean
}

/** How often `--watch` looks. */
const watchMs = 1_000

export async function ps(typed: string | undefined, options: PsOptions): Promise<ExitCode> {
  if (typed === undefined) return await list(options)
  const pid = parsePid(typed, 'ps')
  await interruptible(async signal => {
    const open = (pid: number, signal: AbortSignal) => openProgram(pid, options, signal)
    const program = await open(pid, signal)
    const workers = new Workers(open)
    const screen = () => screenOf(pid, program, workers, options, signal)
    try {
      if (options.watch) await watch(screen, options, signal)
      else await print(await screen())
    } finally {
      await workers.close()
      await program.close()
    }
  })
  return exitCodes.ok
}

async function screenOf(
  pid: number,
  program: Opened,
  workers: Workers,
  { json, watch }: PsOptions,
  signal: AbortSignal,
): Promise<string> {
  const look = await lookInto(program, workers, signal)
  const { node, script, uptimeMs, blocked, stack } = look
  const trees = checkedTrees(pid, joinedTrees(look))
  if (json) {
    const document = {
      schema: 'atonce.ps/1',
      pid,
      node,
      script,
      uptimeMs,
      blocked,
      stack,
      trees,
      next: `npx atonce trace --pid ${pid}`,
    }
    return `${watch ? jsonLine(document) : jsonDocument(document)}\n`
  }
  const lines = trees.flatMap((tree, index) => [
    ...(trees.length > 1 ? [quiet(`copy ${index + 1} of atonce`)] : []),
    ...treeLines(tree),
  ])
  return [
    `${emphasis(harmless(basename(script)) || 'node')}  pid ${pid}, Node ${node}`,
    ...(blocked
      ? [
          `Its event loop has not turned for ${turnMs} ms: code that does not await keeps it busy${harmless(placeText(stack))}.`,
        ]
      : []),
    ...(lines.length === 0 ? ['Nothing runs: no scope, no executor, nobody waits.'] : lines),
    '',
  ].join('\n')
}

/** @throws CommandError if there are none, or they are those of another version of atonce */
export function checkedTrees(
  pid: number,
  trees: readonly LiveTree[] | undefined,
  command: 'ps' | 'trace --pid' = 'ps',
): readonly LiveTree[] {
  if (trees === undefined) {
    throw new CommandError(
      exitCodes.failed,
      `The program ${pid} has made no scope and no executor of atonce yet, or uses no atonce (or one older than this command).`,
    )
  }
  if (trees.some(({ version }) => version !== treeVersion)) {
    throw new CommandError(
      exitCodes.failed,
      `The program ${pid} has another version of atonce than this command. Use the one of its folder: npx atonce ${command} ${pid}`,
    )
  }
  return trees
}

/** Until Ctrl-C, or the end of the program. */
async function watch(screen: () => Promise<string>, options: PsOptions, signal: AbortSignal): Promise<void> {
  const clear = resultStream().isTTY && !options.json ? '\u001b[2J\u001b[H' : ''
  while (!signal.aborted) {
    await print(`${clear}${await screen()}`)
    await new Promise<void>(resolve => {
      const timer = runtime().setTimer(watchMs, done)
      function done() {
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
  }
}

export function parsePid(typed: string, command: 'ps' | 'trace --pid'): number {
  const pid = Number(typed)
  if (/^\d+$/.test(typed) && Number.isSafeInteger(pid) && pid >= 1 && pid < 2 ** 31) return pid
  throw new UsageError(
    `atonce ${command} takes the number of a process, as atonce ${command} 4711; it got ${JSON.stringify(typed)}. ${howToFind}`,
  )
}

const howToFind =
  process.platform === 'win32'
    ? 'To find it: tasklist /FI "IMAGENAME eq node.exe"'
    : process.platform === 'linux'
      ? 'To find it: atonce ps'
      : 'To find it: pgrep -fl node'

/** Without a pid: Node programs that could be asked. */
async function list({ json, watch }: PsOptions): Promise<ExitCode> {
  if (watch)
    throw new UsageError(`--watch needs the number of a process: atonce ps --watch 4711. ${howToFind}`)
  const programs = await listPrograms()
  if (programs === undefined)
    throw new UsageError(`atonce ps takes the number of a process: atonce ps 4711. ${howToFind}`)
  if (json) {
    const next = `npx atonce ps ${programs[0]?.pid ?? '<pid>'}`
    await print(
      `${jsonDocument({ schema: 'atonce.ps-list/1', programs, sentence: sentenceOf(programs.length), next })}\n`,
    )
  } else if (programs.length === 0) {
    await print(`${sentenceOf(0)}\n`)
  } else {
    const room = widthOfOutput() - 20 // What the numbers take.
    const rows = programs.map(({ pid, parent, command }) => [
      String(pid),
      String(parent),
      shortened(command, Math.max(room, 20)),
    ])
    const columns = [
      { title: 'pid', align: 'right' },
      { title: 'parent', align: 'right' },
      { title: 'Node program' },
    ] as const
    await print(`${table(columns, rows)}\n${quiet('Next: atonce ps <pid>')}\n`)
  }
  return exitCodes.ok
}

function sentenceOf(programs: number): string {
  if (programs === 0) return 'No other Node program of yours runs here.'
  return programs === 1
    ? 'One Node program of yours runs here.'
    : `${programs} Node programs of yours run here.`
}
