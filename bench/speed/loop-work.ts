/**
 * The work of the cases on one event loop: as little as an asynchronous function can do, so that
 * what is around it shows.
 */

export async function same(n: number): Promise<number> {
  return n
}

/**
 * The sum of the numbers from 0 up to, and without, `items`: what a receiver gets that has lost
 * none.
 */
export const sumBelow = (items: number): number => (items * (items - 1)) / 2
