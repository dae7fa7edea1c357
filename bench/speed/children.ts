/**
 * The processes that this one has started, as the system knows them; none where it does not tell.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** The ids of the live children of this process. */
export function childPids(): number[] {
  return numericEntries('/proc').filter(pid => parentOf(pid) === process.pid)
}

/** Resident memory in bytes of a process; undefined once it has ended. */
export function residentBytes(pid: number): number | undefined {
  const kiB = /^VmRSS:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1]
  return kiB === undefined ? undefined : Number(kiB) * 1024
}

function parentOf(pid: number): number | undefined {
  const ppid = /^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
  return ppid === undefined ? undefined : Number(ppid)
}

function numericEntries(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter(name => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}
