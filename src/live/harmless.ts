/**
 * Names, errors and command lines are other people's: nothing in them may drive the terminal that
 * they are shown on.
 */

/**
 * The text on one line, without what a terminal would obey or not show: control characters, escape
 * sequences, turns of direction.
 */
export function harmless(text: string): string {
  return text.replace(unseen, ' ')
}

// C0 and C1 controls, the line and paragraph separators, and the marks that turn the direction of
// what follows (Unicode TR 9).
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const unseen = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g
