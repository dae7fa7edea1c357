/** An account that no process owns: an entity, whose fields are kept in the cluster's store. */
import { actor } from '../../src/actors.ts'

export const SharedAccount = actor(
  import.meta,
  class SharedAccount {
    balance = 0

    /** Takes effect once, whichever node dies meanwhile: so no booking needs an id of its own. */
    book(amount: number): number {
      this.balance += amount
      return this.balance
    }
  },
)
