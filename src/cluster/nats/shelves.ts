/**
 * Where blobs lie, by the first byte of their address: what passes between programs, for an hour
 * more than results are kept; what must last, for a day more than dead letters are.
 */
export const shelves = {
  1: { bucket: 'blobs', keptMs: 25 * 3_600_000 },
  2: { bucket: 'lasting', keptMs: 15 * 24 * 3_600_000 },
} as const
export type Shelf = keyof typeof shelves
