/** The ends that one worker thread has on loan by ports, on the side that gets its answers. */
import type { Lent } from './link.ts'

export class NearPorts {
  readonly #ofCalls = new Map<number, readonly Lent[]>()

  /** These ends went along with the call. */
  lend(call: number, ends: readonly Lent[]): void {
    this.#ofCalls.set(call, ends)
  }

  /**
   * The call was answered. A thread ends what a call has on loan before it answers; so all that the
   * call has sent and taken is known before anybody sees the answer.
   */
  over(call: number): void {
    const ends = this.#ofCalls.get(call)
    if (ends === undefined) return
    this.#ofCalls.delete(call)
    for (const end of ends) if ('over' in end) end.over()
  }

  /** The thread never had the call in its hand. */
  forget(call: number): void {
    this.#ofCalls.delete(call)
  }

  /** The thread has ended. */
  end(): void {
    for (const call of [...this.#ofCalls.keys()]) this.over(call)
  }

  get none(): boolean {
    return this.#ofCalls.size === 0
  }
}
