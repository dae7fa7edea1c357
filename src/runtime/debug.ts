/** What `ATONCE_DEBUG` asks for: `1`, `races`, or both with a comma between. */

/** `1` writes down where and since when things wait; `races` looks for data races. */
export type DebugAid = '1' | 'races'

export function debugs(aid: DebugAid): boolean {
  return process.env['ATONCE_DEBUG']?.split(',').includes(aid) === true
}
