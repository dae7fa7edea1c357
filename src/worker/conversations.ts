/**
 * Who hears which messages of one connection: each conversation (a worker's life, calls, streams,
 * nested calls) registers the kinds of messages that it is made of, and nobody else needs to know
 * them.
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

  /** Passes the message on; false if nobody hears its kind. */
  hear(message: Message): boolean {
    const hear = this.#hears.get(message.kind)
    if (hear === undefined) return false
    hear(message)
    return true
  }
}
