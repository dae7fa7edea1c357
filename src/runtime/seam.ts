/**
 * The seam: time and chance as atonce sees them. Nothing outside of this folder touches the
 * platform's own.
 */

/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes the timer back; does nothing if it fired already. */
  cancel(): void
  /** Lets the program end while this timer waits. */
  unref(): void
  /** Takes `unref` back. */
  ref(): void
}

/** Time and chance, as atonce sees them. */
export interface Runtime {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  now(): number
  /** Calls `fire` once, after `delayMs` or later; delays beyond 2³¹ ms are kept too. */
  setTimer(delayMs: number, fire: () => void): Timer
  /**
   * Calls `run` when the code that runs now has ended, before the event loop goes on
   * (`queueMicrotask`). `who` is for whoever looks.
   */
  soon(run: () => void, who?: string): void
  /** Resolves after the event loop has gone round once, with I/O done. */
  yieldToLoop(): Promise<void>
  /**
   * Lets one that has become ready go on: `step` resolves or rejects what it waits for. The real
   * one calls it at once, as the order of the promise jobs is the order of the calls; a simulated
   * one may choose the order. Both names are for whoever looks.
   */
  resume(who: string, reason: string, step: () => void): void
  /** A number in [0, 1). */
  random(): number
}
