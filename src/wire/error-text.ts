/** What is said of whatever was thrown, though its class may have getters that throw. */

/** Name and message of an error, whose class may have getters for them. */
export function inShort(error: Error): string {
  try {
    return `${error.name}: ${error.message}`
  } catch {
    return 'an error that hides what it is'
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'something that hides what it is'
  }
}
