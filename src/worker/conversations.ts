/**
 * Who handles which messages of a connection. Each conversation (a worker's life, calls, streams,
 * nested calls) registers its own kinds of messages.
 */

export class Conversations<Message extends { readonly kind: string }> {
  readonly #hears = new Map<string, (message: Message) => void>()

  /** From now on `hear` is called with each message of the kind. */
  on<Kind extends Message['kind']>(
    kind: Kind,
    hear: (message: Extract<Message, { readonly kind: Kind }>) => void,
  ): this {
    if (this.#hears.has(kind)) throw new TypeError(`Messages of the kind ${kind} have a hearer.`)
    this.#hears.set(kind, hear as (message: Message) => void)
    return this
  }

  /** Passes the message on; false if its kind is not registered. */
  hear(message: Message): boolean {
    const hear = this.#hears.get(message.kind)
    if (hear === undefined) return false
    hear(message)
    return true
  }
}
