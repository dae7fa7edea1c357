/**
 * How busy the machine's cores are, with whoever's work. Minus our own, that is the foreign load.
 */
const { readFileSync } = process.getBuiltinModule('node:fs')
const { cpus } = process.getBuiltinModule('node:os')

/**
 * Time in ms that the machine's cores were not idle, added up over the cores; only differences mean
 * anything. On Linux it includes the time that a hypervisor gave to other machines ("steal"), for
 * it is lost to us all the same.
 */
export function machineBusyMs(): number {
  return (
    busyFromProc() ??
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  )
}

/**
 * The first line of `/proc/stat`: user nice system idle iowait irq softirq steal …, in ticks of 10
 * ms (man 5 proc_stat).
 */
function busyFromProc(): number | undefined {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
      .split(/\s+/)
      .slice(1)
      .map(Number)
    return (user + nice + system + irq + softirq + steal) * 10
  } catch {
    return undefined
  }
}

/**
 * Foreign load up to this many cores disturbs nothing that we measure (the threshold of our own
 * experiments).
 */
export const quietCores = 0.15

/**
 * Whether others' work was in our way: it took more than `quietCores`, and with ours it filled the
 * machine. On a machine with cores to spare, others' work may go on beside ours.
 */
export function isDisturbed(load: { ownCores: number; foreignCores: number; cores: number }): boolean {
  return load.foreignCores > quietCores && load.ownCores + load.foreignCores > load.cores - quietCores
}
