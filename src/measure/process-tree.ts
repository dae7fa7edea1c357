/**
 * What this program's whole tree of processes has used: this process with all its threads, and its
 * workers' processes.
 *
 * Each figure that the system does not tell is `undefined`, never a guess.
 */
const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')

/** `/proc` counts in USER_HZ, which Linux fixes at 100 for user space (man 7 time). */
const msPerTick = 10

/** CPU time of a tree of processes, in ms. */
export interface CpuTime {
  /** Spent in the programs themselves. */
  readonly userMs: number
  /** Spent in the system on their behalf. */
  readonly systemMs: number
}

/**
 * CPU time of this process with all its threads, of its children that have ended, and of the live
 * processes `pids`. A worker that ends between two calls is not lost: its time moves to the ended
 * children. To 10 ms where `pids` or ended children count, finer for this process. Undefined with
 * `pids` on systems without `/proc`.
 */
export function treeCpu(pids: readonly number[]): CpuTime | undefined {
  const { user, system } = process.cpuUsage()
  const self = statTicks('self')
  if (self === undefined)
    return pids.length === 0 ? { userMs: user / 1_000, systemMs: system / 1_000 } : undefined
  let [userTicks, systemTicks] = [self.endedUser, self.endedSystem]
  for (const pid of pids) {
    const worker = statTicks(pid) // Undefined once it has ended; then it counts among the ended children.
    if (worker === undefined) continue
    userTicks += worker.user + worker.endedUser
    systemTicks += worker.system + worker.endedSystem
  }
  return { userMs: user / 1_000 + userTicks * msPerTick, systemMs: system / 1_000 + systemTicks * msPerTick }
}

/** The same, user and system together. */
export function treeCpuMs(pids: readonly number[]): number | undefined {
  const cpu = treeCpu(pids)
  return cpu === undefined ? undefined : cpu.userMs + cpu.systemMs
}

/**
 * CPU time in ms of live processes and of their children that have ended; 0 for those that the
 * system does not tell of.
 */
export function processesCpuMs(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const counted = statTicks(pid)
    if (counted !== undefined)
      ticks += counted.user + counted.system + counted.endedUser + counted.endedSystem
  }
  return ticks * msPerTick
}

/**
 * Whether the system tells what other processes have used: Linux does where `/proc` can be read.
 */
export function tellsOfChildren(): boolean {
  return statTicks('self') !== undefined
}

interface Ticks {
  readonly user: number
  readonly system: number
  /** Of its children that have ended. */
  readonly endedUser: number
  readonly endedSystem: number
}

/** Fields 14 to 17 of `/proc/<pid>/stat`: utime, stime, cutime, cstime (man 5 proc_pid_stat). */
function statTicks(pid: number | 'self'): Ticks | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The second field is the command's name in parentheses and may hold spaces, so count from the
  // last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  return { user, system, endedUser, endedSystem }
}

/**
 * Starts a new count of peak memory for this process and `pids`; false where the system can't (then
 * only samples help).
 */
export function resetPeakMemory(pids: readonly number[]): boolean {
  try {
    for (const pid of ['self', ...pids]) {
      // 5 resets the high-water mark of the resident set, and nothing else (man 5
      // proc_pid_clear_refs).
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    }
    return true
  } catch {
    return false
  }
}

/**
 * The highest resident memory in bytes since `resetPeakMemory`, each process at its own peak, added
 * up.
 */
export function peakMemoryBytes(pids: readonly number[]): number | undefined {
  let sum = 0
  for (const pid of ['self', ...pids]) {
    const peakKiB = /^VmHWM:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]
    if (peakKiB !== undefined) sum += Number(peakKiB) * 1024
    else if (pid === 'self') return undefined
  }
  return sum
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
