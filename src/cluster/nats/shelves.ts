/**
 * Where large values lie, by the first byte of their address, each for longer than what points at
 * it: endings of calls and hints; results, and arguments of calls; arguments of what outlives its
 * caller, and dead letters.
 */
export const shelves = {
  1: { bucket: 'passing', keptMs: 3_600_000 },
  2: { bucket: 'blobs', keptMs: 25 * 3_600_000 },
  3: { bucket: 'lasting', keptMs: 15 * 24 * 3_600_000 },
} as const
export type Shelf = keyof typeof shelves
export const shelfNumbers = [1, 2, 3] as const
