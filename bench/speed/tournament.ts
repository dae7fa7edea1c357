/**
 * Who plays what, when: every round goes through all cases, and in each case through all
 * contenders, forwards in even rounds and backwards in odd ones. So what is compared ran within a
 * minute, and no case had all its samples in a bad hour.
 */
import { availableParallelism } from 'node:os'
import { interleaved } from '../../src/measure/interleave.ts'
import { isDisturbed } from '../../src/measure/machine-load.ts'
import { type Case, enters, NotOffered, type Sample } from './case.ts'
import type { RivalEntry } from './rival.ts'

/** What came of one contender in one case. Samples lie at the index of their turn. */
export interface Standing {
  readonly rival: RivalEntry
  readonly samples: Sample[]
  /** Why there are no more samples: what it said when it failed, or that it does not offer this. */
  ended?: { readonly failed: boolean; readonly why: string }
}

export interface Played {
  readonly case: Case
  readonly standings: readonly Standing[]
}

export interface Tournament {
  readonly played: readonly Played[]
  readonly samples: number
  /** Samples that others' work disturbed, and that were taken again. */
  readonly again: number
}

export interface TournamentOptions {
  readonly cases: readonly Case[]
  readonly rivals: readonly RivalEntry[]
  /** So many rounds of each case. Default: what each case says. */
  readonly rounds?: number | undefined
  /** A case starts its second and later rounds only if it is likely to end within this time. */
  readonly budgetMs: number
  measure(played: Case, rival: RivalEntry): Promise<Sample>
  onSample?(news: { case: Case; rival: RivalEntry; round: number; rounds: number }): void
}

/**
 * A busy machine is measured all the same, so the second tries have an end: one for so many
 * samples.
 */
const samplesPerSecondTry = 6

/** Plays all. One who fails in a case is out of that case, and of no other. */
export async function tournament({
  cases,
  rivals,
  rounds,
  budgetMs,
  measure,
  onSample = () => {},
}: TournamentOptions): Promise<Tournament> {
  const played = cases.map(one => ({
    case: one,
    standings: rivals.filter(rival => enters(rival, one)).map((rival): Standing => ({ rival, samples: [] })),
  }))
  const roundsOf = ({ case: one }: Played): number => rounds ?? one.rounds
  const last = Math.max(0, ...played.map(roundsOf))
  const began = performance.now()
  const lastRoundMs = new Map<Played, number>()
  let samples = 0
  let again = 0
  for (let round = 0; round < last; round += 1) {
    for (const one of played.filter(one => round < roundsOf(one))) {
      const roundBegan = performance.now()
      if (roundBegan - began + (lastRoundMs.get(one) ?? 0) > budgetMs && round > 0) continue
      const turns = one.case.turnsPerRound ?? 1
      const order = interleaved(one.standings.length, { from: round * turns, to: (round + 1) * turns })
      for (const { contender, round: turn } of order) {
        const standing = one.standings[contender] as Standing
        if (standing.ended) continue
        onSample({ case: one.case, rival: standing.rival, round, rounds: last })
        try {
          let sample = await measure(one.case, standing.rival)
          samples += 1
          if (disturbed(sample) && again < samples / samplesPerSecondTry) {
            again += 1
            sample = quieter(sample, await measure(one.case, standing.rival))
          }
          standing.samples[turn] = sample
        } catch (error) {
          standing.ended = { failed: !(error instanceof NotOffered), why: (error as Error).message }
        }
      }
      lastRoundMs.set(one, performance.now() - roundBegan)
    }
  }
  return { played, samples, again }
}

function disturbed({ ownCores, foreignCores }: Sample): boolean {
  return (
    ownCores !== undefined &&
    foreignCores !== undefined &&
    isDisturbed({ ownCores, foreignCores, cores: availableParallelism() })
  )
}

const quieter = (first: Sample, second: Sample): Sample =>
  (second.foreignCores ?? 0) < (first.foreignCores ?? 0) ? second : first
