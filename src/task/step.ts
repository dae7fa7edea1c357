/**
 * Checks what an iterator's `next()` returned, as `for…of` checks it: an iterator that returned
 * numbers in place of results would be read forever.
 * @throws TypeError
 */
export function checkStep<S>(step: S): S {
  if ((typeof step === 'object' && step !== null) || typeof step === 'function') return step
  throw new TypeError(
    `next() of an iterator returned ${step === null ? 'null' : typeof step}; it must return { value, done }.`,
  )
}
