/**
 * `--json`: the comparison as a document, schema `atonce.compare/1`. Fields may be added; what is
 * there keeps its meaning.
 */
import { summaryOf } from '../ending.ts'
import type { Surroundings } from '../surroundings.ts'
import type { Row } from './comparison.ts'
import type { Result } from './result.ts'

/**
 * Figures that the system does not tell are left out; times in ms, sizes in bytes; `high` is null
 * where one run leaves it open.
 */
export function documentOf(results: readonly Result[], surroundings: Surroundings): object {
  return {
    schema: 'atonce.compare/1',
    machine: surroundings,
    targets: results.map(({ subject, comparison, verdict, learnt, chooser }) => ({
      target: subject.name,
      kind: subject.kind,
      title: subject.title,
      rounds: comparison.rounds,
      foreignCores: comparison.foreignCores,
      companionCores: comparison.companionCores,
      disturbed: comparison.disturbed,
      rows: comparison.rows.map(rowDocument),
      verdict,
      learnt,
      chooser,
    })),
  }
}

function rowDocument({ model, workers, answer, failure, figures }: Row): object {
  return {
    model,
    workers,
    ...figures,
    answer,
    ...(failure === undefined ? {} : { failure: summaryOf(failure) }),
  }
}
