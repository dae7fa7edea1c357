/**
 * One case: a row played on a subject, in a program of its own that may hang, crash or leave
 * processes behind.
 *
 *     host (this file)                                   arena
 *     spawns it as the leader of a process group ──────▶ plays the row
 *     ◀────────────────── lines: observed, signal, … ──  (file descriptor 3)
 *     waits for its end, or ends it at the hard limit
 *     looks for processes that outlived it, 2 s long
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type ArenaLine, type Observation, type Problem, shorten } from './observation.ts'
import { alive, familyOf } from './process-table.ts'
import { defaultCloseGraceMs, type Ending, type Row } from './row.ts'
import type { Feature, WorkerModel } from './subject.ts'

/** What is known of a subject without loading it. */
export interface SubjectEntry {
  readonly name: string
  readonly model: WorkerModel
  readonly own: boolean
  readonly lacks: readonly Feature[]
  readonly url: string
}

export interface CaseResult {
  readonly row: string
  readonly subject: string
  /** Why the case was not played, if it was not. */
  readonly skipped?: { readonly why: 'inherent' | 'feature' | 'moot'; readonly text: string }
  readonly observations: readonly Observation[]
  /** How the program ended, in a few words. */
  readonly end: string
  readonly problems: readonly Problem[]
  /** Process ids of those that outlived it. */
  readonly orphans: readonly number[]
  readonly ms: number
}

/**
 * How long a program may take to end when nothing is left to do, and its workers to be gone after
 * it.
 */
const endLimitMs = 3_000
const orphanLimitMs = 2_000

/**
 * Thousands of programs start here, each of the same files; this saves two thirds of their time.
 */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/atonce-faults', import.meta.url))
const arena = fileURLToPath(new URL('./arena.ts', import.meta.url))

/** Plays the row; never rejects because of what the subject does. */
export async function playCase(row: Row, subject: SubjectEntry, limitMs: number): Promise<CaseResult> {
  const skipped = whyNot(row, subject)
  if (skipped !== undefined)
    return {
      row: row.name,
      subject: subject.name,
      skipped,
      observations: [],
      end: '',
      problems: [],
      orphans: [],
      ms: 0,
    }
  const directory = mkdtempSync(join(tmpdir(), 'atonce-fault-'))
  const startedAt = performance.now()
  try {
    const program = new Program(row, subject, limitMs, directory)
    const { problems, ...result } = await program.ended()
    const counted =
      row.policy && !subject.own ? problems.filter(({ kind }) => kind !== 'swallowed') : problems
    return {
      row: row.name,
      subject: subject.name,
      ...result,
      problems: counted,
      ms: performance.now() - startedAt,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function whyNot(row: Row, subject: SubjectEntry): CaseResult['skipped'] {
  const inherent = row.inherent?.[subject.model]
  if (inherent !== undefined) return { why: 'inherent', text: inherent }
  const missing = row.needs?.find(feature => subject.lacks.includes(feature))
  return missing === undefined ? undefined : { why: 'feature', text: `has no ${missing}` }
}

/** Programs under way, to end them when the suite is ended. */
const underWay = new Set<Program>()

/** Ends every program that was started; for the suite's own end. */
export function endAll(): void {
  for (const program of underWay) program.kill()
}

class Program {
  readonly #row: Row
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #observations: Observation[] = []
  readonly #family = new Set<number>()
  readonly #hardLimitMs: number
  #errors = ''
  #closePending = false
  #moot: string | undefined
  #overdue: 'hard limit' | 'end' | undefined
  #endTimer: NodeJS.Timeout | undefined

  constructor(row: Row, subject: SubjectEntry, limitMs: number, directory: string) {
    this.#row = row
    const within = Math.max(limitMs, row.limitMs ?? 0)
    this.#hardLimitMs = 4 * within + (row.closeGraceMs ?? defaultCloseGraceMs) + 10_000
    const { flags = [], shell, environment = {} } = row.program ?? {}
    const command = [process.execPath, ...flags, arena, row.name, subject.url, String(limitMs), directory]
    const [file, ...rest] =
      shell === undefined ? command : ['/bin/sh', '-c', `${shell} && exec "$@"`, 'sh', ...command]
    // Detached: the leader of a new process group, by which its workers are found when it is gone.
    this.#child = spawn(file as string, rest, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_NO_WARNINGS: '',
        NODE_COMPILE_CACHE: compileCache,
        ...environment,
      },
    })
    this.#pid = this.#child.pid ?? 0
    underWay.add(this)
    this.#child.stdout?.resume()
    this.#child.stderr?.on('data', chunk => {
      this.#errors = (this.#errors + chunk).slice(-20_000)
    })
    const lines = createInterface({ input: this.#child.stdio[3] as Readable })
    lines.on('line', line => this.#heard(JSON.parse(line) as ArenaLine))
  }

  async ended(): Promise<Pick<CaseResult, 'observations' | 'end' | 'problems' | 'orphans' | 'skipped'>> {
    const hard = setTimeout(() => this.#giveUp('hard limit'), this.#hardLimitMs)
    const ending = await new Promise<Ending>(resolve => {
      this.#child.once('exit', (code, signal) =>
        resolve(signal === null ? { exitCode: code ?? -1 } : { signal }),
      )
      this.#child.once('error', () => resolve({ exitCode: -1 }))
    })
    clearTimeout(hard)
    clearTimeout(this.#endTimer)
    const { orphans, goneMs } = await this.#orphans()
    await this.#lastLines()
    this.kill()
    await gone(orphans)
    underWay.delete(this)
    const problems = [
      ...this.#observations.flatMap(({ slot, problem }) =>
        problem === undefined ? [] : [{ ...problem, text: `${slot}: ${problem.text}` }],
      ),
      ...this.#endProblems(ending),
      ...(orphans.length === 0
        ? []
        : [
            {
              kind: 'orphan',
              text: `${orphans.length} of its processes lived ${orphanLimitMs / 1_000} s after it`,
            } as const,
          ]),
    ]
    const end = `${describeEnding(ending)}${this.#family.size === 0 ? '' : `, workers gone in ${Math.round(goneMs)} ms`}`
    return { observations: this.#observations, end, problems, orphans, ...this.#mootness(problems) }
  }

  /**
   * A fault that could not be brought about tells nothing, unless the calls themselves show damage.
   */
  #mootness(problems: readonly Problem[]): Pick<CaseResult, 'skipped'> {
    if (this.#moot === undefined) return {}
    return problems.length === 0 ? { skipped: { why: 'moot', text: this.#moot } } : {}
  }

  kill(): void {
    for (const pid of [this.#pid, ...this.#family, ...familyOf(this.#pid)]) {
      try {
        if (pid > 1) process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
  }

  #heard(line: ArenaLine): void {
    for (const pid of familyOf(this.#pid)) this.#family.add(pid)
    switch (line.line) {
      case 'observed': {
        this.#observations.push(line.observation)
        if (line.observation.slot === 'close' && line.observation.problem?.kind === 'hang')
          this.#closePending = true
        break
      }
      case 'signal':
        for (const pid of line.to === 'main' ? [this.#pid] : [this.#pid, ...this.#family])
          process.kill(pid, line.signal)
        break
      case 'suspend': {
        const all = [this.#pid, ...this.#family]
        for (const pid of all) process.kill(pid, 'SIGSTOP')
        setTimeout(() => {
          for (const pid of alive(all)) process.kill(pid, 'SIGCONT')
        }, line.ms)
        break
      }
      case 'moot':
        this.#moot = line.why
        break
      case 'end':
        this.#endTimer = setTimeout(() => this.#giveUp('end'), endLimitMs)
    }
  }

  #giveUp(why: 'hard limit' | 'end'): void {
    this.#overdue = why
    for (const pid of familyOf(this.#pid)) this.#family.add(pid)
    this.kill()
  }

  #endProblems(ending: Ending): Problem[] {
    if (this.#overdue === 'hard limit')
      return [{ kind: 'stuck', text: 'main program: did not get to the end of the row' }]
    // A close() that hangs is reported once, as that.
    if (this.#overdue === 'end')
      return this.#closePending
        ? []
        : [{ kind: 'lingers', text: `main program: did not end within ${endLimitMs / 1_000} s` }]
    const wanted: Ending = this.#row.expect.program ?? { exitCode: 0 }
    if (describeEnding(wanted) === describeEnding(ending)) return []
    return [{ kind: 'main died', text: `main program: ${describeEnding(ending)}: ${this.#lastWords()}` }]
  }

  /** The line of standard error that says why it died. */
  #lastWords(): string {
    const lines = this.#errors.split('\n').filter(line => line.trim() !== '')
    const telling = lines.find(
      line => /Error\b.*:|Fatal|Warning: Detected/.test(line) && !line.includes('node:internal/'),
    )
    return shorten(telling ?? lines[0] ?? 'no message', 120)
  }

  async #orphans(): Promise<{ orphans: number[]; goneMs: number }> {
    if (this.#overdue !== undefined) return { orphans: [], goneMs: 0 }
    const endedAt = performance.now()
    for (;;) {
      for (const pid of familyOf(this.#pid)) this.#family.add(pid)
      const orphans = alive(this.#family)
      const goneMs = performance.now() - endedAt
      if (orphans.length === 0 || goneMs > orphanLimitMs) return { orphans, goneMs }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /**
   * Lines may still be in the pipe when the program is gone. An orphan may hold its other end, so
   * this has a limit.
   */
  async #lastLines(): Promise<void> {
    const pipes = [this.#child.stdio[3] as Readable, this.#child.stderr as Readable]
    const drained = Promise.all(
      pipes.map(pipe => pipe.closed || new Promise(resolve => pipe.once('close', resolve))),
    )
    await Promise.race([drained, new Promise(resolve => setTimeout(resolve, 500).unref())])
    for (const pipe of this.#child.stdio) pipe?.destroy()
  }
}

/** A killed process takes a moment to go. */
async function gone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 50 && alive(pids).length > 0; tries += 1)
    await new Promise(resolve => setTimeout(resolve, 20))
}

function describeEnding(ending: Ending): string {
  return 'signal' in ending ? ending.signal : `exit ${ending.exitCode}`
}
