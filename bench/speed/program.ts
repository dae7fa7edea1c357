/** Programs that are started for one sample, and what they answer. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { machineBusyMs } from '../../src/measure/machine-load.ts'
import { treeCpuMs } from '../../src/measure/process-tree.ts'
import type { RivalEntry } from './rival.ts'

const limitMs = 60_000
/** This file runs from bench/dist/bench/speed/. */
const pythonProgram = ({ model }: RivalEntry): string =>
  fileURLToPath(
    new URL(`../../../python/${model === 'coroutines' ? 'asyncio_loop' : 'pools'}.py`, import.meta.url),
  )

/**
 * Runs the program of a contender to its end, and resolves to the JSON that it wrote (Node's to
 * file descriptor 3, Python's to standard output), with what the system says of the meantime: CPU
 * time of the program and of the children that it waited for, and of the whole machine.
 * @throws Error with the program's own words if it fails, or if it takes longer than a minute
 */
export async function program(
  rival: RivalEntry,
  args: { node?: readonly (string | URL)[]; python?: readonly string[] },
): Promise<{ output: unknown; wallMs: number; cpuMs: number; busyMs: number }> {
  const busyBefore = machineBusyMs()
  const cpuBefore = treeCpuMs([]) ?? 0
  const begun = performance.now()
  const output =
    rival.kind === 'python'
      ? await run(python(), [pythonProgram(rival), rival.name, ...(args.python ?? [])])
      : await run(
          process.execPath,
          (args.node ?? []).map(part => (part instanceof URL ? fileURLToPath(part) : part)),
        )
  const wallMs = performance.now() - begun
  const cpuMs = (treeCpuMs([]) ?? 0) - cpuBefore
  return { output: JSON.parse(output) as unknown, wallMs, cpuMs, busyMs: machineBusyMs() - busyBefore }
}

export const python = (): string => (process.platform === 'win32' ? 'python' : 'python3')

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    })
    const [, stdout, stderr, answers] = child.stdio
    let written = ''
    let answered = ''
    let complaints = ''
    stdout?.on('data', chunk => {
      written += chunk
    })
    stderr?.on('data', chunk => {
      complaints = (complaints + chunk).slice(-2_000)
    })
    answers?.on('data', chunk => {
      answered += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 && (answered || written)) resolve(answered || written)
      else reject(new Error(`ended by ${signal ?? `code ${code}`}: ${lastLines(complaints)}`))
    })
  })
}

/** The line that names the error, if there is one; else the last lines. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n')
  return lines.findLast(line => /^(\w+: )?\w*(Error|Exception)\b/.test(line)) ?? lines.slice(-2).join(' ')
}
