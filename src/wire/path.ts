/** The path to a place inside of a value, as errors name it: `args[0].rows.get("a")[3]`. */

/**
 * One step of a path: an index, a record's key, a Map's string key, or words where no expression
 * fits.
 */
export type Step = number | string | { readonly get: string } | { readonly shown: string }

export const keyOfMap: Step = { shown: '.keys()' }
export const itemOf: Step = { shown: '.values()' }
/** What a shareable class's `pack` has made of the instance. */
export const packedData: Step = { shown: ', packed' }

/** The path of these steps; of a very long one, its beginning and its end. */
export function pathOf(root: string, steps: readonly Step[]): string {
  const shown = steps.map(stepOf)
  return root + (shown.length > 24 ? [...shown.slice(0, 12), '…', ...shown.slice(-8)] : shown).join('')
}

function stepOf(step: Step): string {
  if (typeof step === 'number') return `[${step}]`
  if (typeof step === 'string')
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  return 'get' in step ? `.get(${JSON.stringify(step.get)})` : step.shown
}
