/**
 * The text of a stack, whatever the program's `Error.prepareStackTrace` makes of it: loggers and
 * call-site libraries let it return the call sites themselves, and a broken one throws.
 *
 * `read` reads the `stack` of an error. A list is written as V8 writes one, below `title`. For
 * anything else that is not text, only the title is returned.
 */
export function stackText(title: string, read: () => unknown): string {
  try {
    const stack = read()
    if (typeof stack === 'string') return stack
    return Array.isArray(stack) ? [title, ...stack.map(site => `    at ${site}`)].join('\n') : title
  } catch {
    return title
  }
}
