/**
 * Whether a process could go on, but the machine has no core or no disk for it: one of its threads
 * is runnable or waits for the disk (proc(5): states R and D; T is stopped, S asleep). Where the
 * system does not tell: no.
 */
export function isStarved(pid: number): boolean {
  const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs')
  try {
    return readdirSync(`/proc/${pid}/task`).some(thread => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      // The name stands in brackets and may hold some itself.
      return /[RD]/.test(stat.charAt(stat.lastIndexOf(')') + 2))
    })
  } catch {
    return false
  }
}
