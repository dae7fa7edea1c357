/**
 * The time of day, for what several machines must agree on. It may jump: durations are the
 * runtime's `now()`.
 */
const { now } = Date

/** Milliseconds since 1970. */
export function wallMs(): number {
  return now()
}
