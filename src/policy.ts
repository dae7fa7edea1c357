/**
 * The numbers by which it is decided which call goes to which worker, and when: one table, each
 * with its reason. The steps that use them: pool/README.md.
 *
 * Two costs stand against each other. A call that waits in a worker's hands saves a round trip of
 * 15 to 140 µs, but waits behind whatever runs there; to wake a worker that sleeps takes as long as
 * ten to a hundred small calls.
 */

// ── what a call costs (executor/task-cost.ts) ──

/**
 * A call costs at least that much, its way through the worker included, however short the clock
 * says it was.
 */
export const leastCallMs = 0.0005
/** Weight of the newest measurement: after five calls two thirds of the estimate are new. */
export const newestWeight = 0.2
/**
 * The same for a call that took more than `muchDearer` times what was expected: that counts at
 * once, since others wait behind it.
 */
export const newestDearerWeight = 0.7
export const muchDearer = 4
/**
 * What is left of the peak when the next call is measured: after fifty calls a fourteenth of an
 * outlier.
 */
export const keptOfPeak = 0.95

// ── how many calls a worker has in its hands (executor/task-cost.ts, pool/worth.ts) ──

/** So much work may lie in a worker's hands: ten round trips, and a delay that nobody sees. */
export const inHandMs = 1
/**
 * Behind a call that is expected to take longer nothing waits in a hand. High where it can be taken
 * back as soon as anybody idles …
 */
export const dearestWithTakeBackMs = 20
/** … and a few round trips where it can't: that is what waiting there may save. */
export const dearestWithoutMs = 0.25
/** Fewer calls in a hand than this are awaited one by one: they may be expensive. */
export const fewInHand = 48
/**
 * The most answers that are awaited together: a seventh of what the ring holds of small ones, so
 * that it does not fill meanwhile.
 */
export const mostAwaitedTogether = 400
/**
 * How long a side that awaits many answers sleeps at most: the other one may be held up by a call
 * that takes long.
 */
export const patienceMs = 1

// ── who is given a call (pool/dispatch.ts) ──

/**
 * So many jobs for each worker are given out together at least, or as many as come in one turn of
 * the loop, if those are fewer.
 */
export const leastTogether = 8
/**
 * One in so many of the jobs of this turn is given out together next: more where many come, since
 * each bell costs as much as twenty calls.
 */
export const bellsPerTurn = 4
/**
 * No other worker is woken for calls that take less than this together: to wake it would take
 * longer.
 */
export const worthWakingMs = 0.1

// ── what is taken back (pool/dispatch.ts, pool/worth.ts) ──

/** To take a call back from a worker and to give it to another costs less than that. */
export const worthMovingMs = 0.02
/**
 * What waits behind the first call must be worth so many moves: the first one's rest may be short.
 */
export const movesWorth = 10
/** How long a worker may be at one call before others that wait in its hands go to idle workers */
export const stuckMs = 2
/** A call is overdue after this many times its expected time, and `stuckMs`. */
export const overdueFactor = 2

// ── which workers there are (pool/crew.ts, pool/starts.ts) ──

/**
 * How long an idle worker still keeps the program alive: calls that follow soon need no hand-over.
 */
export const holdMs = 5
/** After this many failed starts in a row, all waiting calls fail. */
export const failuresBeforeGivingUp = 3
/**
 * So often in a row each worker may be hit by a signal to the whole program while it starts, before
 * that counts as a failed start: whoever presses Ctrl-C does it less often, and a program that
 * kills what starts does not keep calls waiting for ever.
 */
export const hitsForgiven = 20
/** How long a pool makes do with fewer workers after one could not start. */
export const refusedAgainMs = 1_000
/**
 * The most nested calls that wait; they come beside `queueLimit`, as they are parts of calls that
 * were accepted.
 */
export const mostNested = 1_000_000

// ── a worker's own turn (worker/far/inbox.ts, executor/here/stream-call.ts) ──

/**
 * After so long without a turn of the loop, the loop gets one: cancels are read, the task's own
 * timers and streams go on.
 */
export const longestStretchMs = 2
/** Of calls that take less than this, only one in `callsPerLook` looks at the clock. */
export const shortCallMs = 0.005
export const callsPerLook = 16

// ── how long a thread looks for what a channel's other side says (wire/lent/lookout.ts) ──

/** To be woken takes 20 to 100 µs; who looks for longer than that gains nothing. */
export const lookOutMs = 0.1
/** Where looks are in vain again and again, so many messages are heard without another one. */
export const mostHeardUnlooked = 63
/**
 * Of a wider window so many items share a message that looking for it costs more than a wake-up.
 */
export const widestLookedAt = 128
