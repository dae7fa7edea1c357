/**
 * One target of `compare`, done: what the terminal, the JSON and the report tell, each in its way.
 */
import type { Comparison } from './comparison.ts'
import type { ChooserNote } from './learnt.ts'
import type { Picture, Subject } from './subject.ts'
import type { Verdict } from './verdict.ts'

export interface Result {
  readonly subject: Subject
  readonly comparison: Comparison
  readonly verdict: Verdict
  /** What the figures say, and what the chooser saw of the items. */
  readonly learnt: string | undefined
  /** What `auto()` decided for each task, and why; undefined if it was not asked. */
  readonly chooser: readonly ChooserNote[] | undefined
  readonly picture: Picture | undefined
  /** Where the picture was written, if it was. */
  readonly pictureFile: string | undefined
}
