/** Calls that have channel ends on loan. */
import type { FarLinks } from './far-links.ts'

/** What a call has on loan; `end` gives it back. */
export interface Loan {
  end(): void
}

/** A call to which ends arrive. */
export interface Borrower {
  /** What it has on loan. */
  readonly loans: Loan[]
  /** The links of its worker, if that is a process. */
  readonly links: FarLinks | undefined
}
