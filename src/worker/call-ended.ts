/** The number of the call that this message of a worker ends, if it does. */
export function callEndedBy(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { kind, seq } = message as { readonly kind?: unknown; readonly seq?: unknown }
  return kind === 'done' || kind === 'failed' || kind === 'doneChunk' || kind === 'dropped'
    ? (seq as number)
    : undefined
}
