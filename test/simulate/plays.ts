/** All kinds of played programs. */
import { playActors } from './actors-play.ts'
import { playPool, type Tally } from './pool-play.ts'

/**
 * Plays the program of a seed, counts what came of it, and returns its trace; throws what is not as
 * it must be.
 */
export type PlaySeed = (seed: number, tally?: Tally) => Promise<readonly string[]>

export const plays: Readonly<Record<string, PlaySeed>> = { pool: playPool, actors: playActors }
