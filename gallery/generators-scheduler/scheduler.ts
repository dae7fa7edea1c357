/** A scheduler for generators, round robin: it is all that an event loop is, without events. */

/**
 * Lets each routine take one step in turn, until all have ended; `onStep` is told whose step it was
 * and what came of it. Nothing runs beside anything else: a routine that does not hand back its
 * turn holds up all others.
 */
export function takeTurns<Name, T>(
  routines: ReadonlyMap<Name, Iterator<T, void, void>>,
  onStep: (name: Name, value: T) => void,
): void {
  const waiting = [...routines]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, routine] = next
    const step = routine.next()
    if (step.done) continue
    onStep(name, step.value)
    waiting.push(next)
  }
}
