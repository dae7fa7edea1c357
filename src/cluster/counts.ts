/** What became of the tasks that a node took. */
export interface NodeCounts {
  done: number
  failed: number
  /** Taken after another node had settled it; nothing was run. */
  late: number
  /** Run, and then another one's ending was there first. */
  duplicates: number
  /** The lease was lost while it ran. */
  fenced: number
  /** Bytes in the queue that are no task. */
  forged: number
  handedOn: number
}
