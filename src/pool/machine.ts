/**
 * How many workers suit this machine: its cores, the container's quota, or what the user says.
 *
 * Both kinds of error hurt: too many workers in a container run out of memory, and under some
 * schedulers the platform reports a single core. So the environment variable ATONCE_WORKERS
 * overrides both.
 */
import { OptionError } from '../errors.ts'

/** What was found, and where the number of workers comes from. */
export interface Machine {
  /** Cores that this process may run on, as the platform counts them. */
  readonly cores: number
  /** Cores that the control group's quota allows, or undefined when there is no quota. */
  readonly quotaCores: number | undefined
  /** The value of ATONCE_WORKERS, or undefined when it is not set. */
  readonly requestedWorkers: number | undefined
  /** Workers that a pool starts at most, unless it is told otherwise. */
  readonly workers: number
}

/** Looks at the machine now; a quota can change while the program runs. */
export function machine(): Machine {
  const cores = process.getBuiltinModule('node:os').availableParallelism()
  const quotaCores = cgroupQuotaCores()
  const requestedWorkers = workersFromEnvironment()
  const allowed = Math.max(1, Math.min(cores, Math.ceil(quotaCores ?? cores)))
  return { cores, quotaCores, requestedWorkers, workers: requestedWorkers ?? allowed }
}

function workersFromEnvironment(): number | undefined {
  const text = process.env['ATONCE_WORKERS']
  if (text === undefined || text === '') return undefined
  const workers = Number(text)
  if (Number.isInteger(workers) && workers >= 1) return workers
  throw new OptionError(
    `ATONCE_WORKERS must be a whole number from 1 up; it is ${JSON.stringify(text)}. Unset it, or set ATONCE_WORKERS=4.`,
  )
}

/**
 * The CPU quota of the control group in cores: version 2 first, then version 1 (kernel
 * documentation, "cgroup-v2", "cpu.max").
 */
function cgroupQuotaCores(): number | undefined {
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').split(' ').map(Number)
  if (quota !== undefined && period !== undefined && quota > 0 && period > 0) return quota / period
  const quotaV1 = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1)
  const periodV1 = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? -1)
  return quotaV1 > 0 && periodV1 > 0 ? quotaV1 / periodV1 : undefined
}

function read(path: string): string | undefined {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
