/** Where a module of tasks lies: in test/faults/tasks, or where a row wrote it. */
export function moduleUrl(module = 'faults'): string {
  return module.startsWith('file:')
    ? module
    : new URL(`../../test/faults/tasks/${module}.ts`, import.meta.url).href
}

/**
 * One signal of both: neither piscina nor tinypool has a timeout of its own, and both document this
 * way.
 */
export function signalOf({
  signal,
  timeoutMs,
}: {
  signal?: AbortSignal
  timeoutMs?: number
}): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal
  // AbortSignal.timeout takes no more than 2³² − 1.
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}
