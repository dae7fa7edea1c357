/** What can cross on a given transport. */
export interface Crossing {
  /**
   * Whether both sides share memory: a SharedArrayBuffer, a MessagePort or a compiled WebAssembly
   * module may cross.
   */
  readonly sharedMemory: boolean
  /** The most bytes of buffers and strings in one message. */
  readonly maxPayloadBytes: number
  /** What to do about a message with more, where that is no option of the user's. */
  readonly smaller?: string
  /**
   * Whether channel ends may cross. By default only between threads, where each has a port. With
   * `looking` nothing is sent, and nothing is lent.
   */
  readonly lends?: boolean | 'looking'
}
