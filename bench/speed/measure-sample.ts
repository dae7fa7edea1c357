/** One sample: the right kind of program for a contender and a case, and what it answered. */
import { type Case, NotOffered, type Sample } from './case.ts'
import { program } from './program.ts'
import type { RivalEntry } from './rival.ts'

/**
 * Plays `played` once on `rival` in a new process.
 * @throws NotOffered, and Error when the contender failed
 */
export async function measureSample(played: Case, rival: RivalEntry, windowMs: number): Promise<Sample> {
  if ('observe' in played) return played.observe(rival)
  const { output } = await program(rival, {
    node: [new URL('./child.js', import.meta.url), played.name, rival.url ?? '', String(windowMs)],
    python: [played.name, String(windowMs)],
  })
  const outcome = output as Sample | { notOffered: string }
  if ('notOffered' in outcome) throw new NotOffered(outcome.notOffered)
  return outcome
}
