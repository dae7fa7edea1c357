/**
 * The order of runs: A B C, then C B A, then A B C, … A machine that grows slower or faster
 * meanwhile (heat, a neighbour's job) then does the same to all, and no contender always comes
 * first.
 */

/**
 * Yields the index of who runs next, each of `contenders` once in each round of `from` up to `to`,
 * exclusive.
 */
export function* interleaved(
  contenders: number,
  { from = 0, to }: { from?: number; to: number },
): Generator<{ round: number; contender: number }, void, void> {
  for (let round = from; round < to; round += 1) {
    for (let place = 0; place < contenders; place += 1) {
      yield { round, contender: round % 2 === 0 ? place : contenders - 1 - place }
    }
  }
}
