/**
 * The processes of this machine, as far as the suite must know: who belongs to whom, and who is
 * left.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

interface Entry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Ended, and only waits for its parent to ask how. */
  readonly zombie: boolean
}

/** Live processes of the group of `leader`, and all descendants of it, itself left out. */
export function familyOf(leader: number): Set<number> {
  const entries = table().filter(entry => !entry.zombie)
  const family = new Set([leader])
  for (let grown = true; grown; ) {
    grown = false
    for (const { pid, parent, group } of entries) {
      if (!family.has(pid) && (group === leader || family.has(parent))) {
        family.add(pid)
        grown = true
      }
    }
  }
  family.delete(leader)
  return family
}

/** Which of these still live. */
export function alive(pids: Iterable<number>): number[] {
  const living = new Set(
    table()
      .filter(entry => !entry.zombie)
      .map(entry => entry.pid),
  )
  return [...pids].filter(pid => living.has(pid))
}

function table(): Entry[] {
  return process.platform === 'linux' ? fromProc() : fromPs()
}

function fromProc(): Entry[] {
  const entries: Entry[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The command in parentheses may hold anything; what follows the last one is in fixed order:
      // state, parent, group.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      entries.push({
        pid: Number(name),
        parent: Number(parent),
        group: Number(group),
        zombie: state === 'Z' || state === 'X',
      })
    } catch {
      // It ended while we looked.
    }
  }
  return entries
}

function fromPs(): Entry[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat='], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return lines.map(line => {
    const [pid, parent, group, state] = line.trim().split(/\s+/)
    return {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      zombie: (state ?? '').startsWith('Z'),
    }
  })
}
