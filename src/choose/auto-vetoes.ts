/** Ways that `auto()` never takes of itself, and why. */
import type { Circumstances } from './predict.ts'
import type { Profile } from './profile.ts'

/**
 * What the caller must ask for: a moved buffer is gone, and processes are for isolation, which is
 * never a matter of speed.
 */
const always = {
  'threads, moving': 'buffers move only where the caller says move()',
  'threads, sharing': 'buffers are shared only where the caller made them so',
  processes: 'processes are not faster than threads',
} as const

/** Calls side by side that keep this thread busy for a smaller part of the time leave it idle. */
const idleShare = 0.25
/** A call that computes for longer at a time holds up timers and connections. */
const shortMs = 2

/**
 * Calls that were seen side by side and left this thread idle: a worker would only wait for them,
 * one at a time. What they take in all says nothing against this loop: on a busy machine their ends
 * come late on any thread.
 */
export function vetoesOfAuto({
  probe,
  returnsPromise,
}: Pick<Profile, 'probe' | 'returnsPromise'>): Circumstances['vetoes'] {
  const leavesIdle =
    probe.length > 0 &&
    probe.every(({ cpuMs, perItemMs }) => cpuMs < idleShare * perItemMs && cpuMs < shortMs)
  return {
    ...always,
    ...(returnsPromise ? { 'plain loop': 'its calls run side by side here' } : {}),
    ...(leavesIdle ? { threads: 'its calls wait, and wait on this loop as well' } : {}),
  }
}
