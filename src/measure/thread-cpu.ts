/** CPU time of this thread alone. */

/**
 * User and system time of this thread in µs; with `before`, since then. A Node that does not tell
 * it (22) gives that of the process, which is the same as long as no other thread works. Valid over
 * some 20 ms; a call costs 0.4 µs.
 */
export function threadCpu(before?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  const ask = (process as Partial<Pick<typeof process, 'threadCpuUsage'>>).threadCpuUsage
  return ask === undefined ? process.cpuUsage(before) : ask.call(process, before)
}
