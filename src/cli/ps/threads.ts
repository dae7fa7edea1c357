/**
 * The threads of a program, through the inspector of its main thread.
 *
 *     NodeWorker.enable ─▶ attachedToWorker, one for each thread of the program, those that threads have started too
 *     sendMessageToWorker ─▶ the thread, be it in a loop that never awaits ─▶ receivedMessageFromWorker
 *     detachedFromWorker: it has ended          NodeWorker.disable ─▶ all are let go
 *
 * Protocol: Node's own domain of the Chrome DevTools Protocol. No thread is made to wait, and none
 * is paused. The sessions are ended before the program closes its inspector: of 600 looks at a
 * program whose threads came and went all the time, none killed it.
 */
import { type Asked, Conversation, LostError } from './conversation.ts'

/** The most threads of one program that are asked. */
export const mostThreads = 64
/** How long a thread may take to answer. */
const answerMs = 1_000

/** What the program says of its threads, unasked. */
export interface ThreadEvent {
  readonly method?: string
  readonly params?: {
    readonly sessionId: string
    readonly message?: string
    readonly workerInfo?: { readonly title: string }
  }
}

export class Threads {
  readonly #program: Conversation
  readonly #conversations = new Map<string, Conversation>()
  #attached: ((thread: Asked, id: number | undefined) => void) | undefined

  constructor(program: Conversation) {
    this.#program = program
  }

  /**
   * Has `ask` called with each thread and its id, as far as its title tells it, all at once;
   * `unasked` are those beyond the most that are asked.
   */
  async each<T>(
    ask: (thread: Asked, id: number | undefined) => Promise<T>,
  ): Promise<{ told: T[]; unasked: number }> {
    const asked: Promise<T>[] = []
    let unasked = 0
    this.#attached = (thread, id) => {
      if (asked.length < mostThreads) asked.push(ask(thread, id))
      else unasked += 1
    }
    try {
      // All threads that are there now are told before the answer comes.
      await this.#program.request('NodeWorker.enable', { waitForDebuggerOnStart: false }, answerMs)
      this.#attached = undefined
      return { told: await Promise.all(asked), unasked }
    } finally {
      this.#attached = undefined
      await this.#program.request('NodeWorker.disable', {}, answerMs)
      this.#conversations.clear()
    }
  }

  receive({ method, params }: ThreadEvent): void {
    if (params === undefined) return
    const { sessionId, message, workerInfo } = params
    if (method === 'NodeWorker.attachedToWorker') this.#attach(sessionId, workerInfo?.title ?? '')
    else if (method === 'NodeWorker.receivedMessageFromWorker')
      this.#conversations.get(sessionId)?.receive(JSON.parse(message ?? '{}'))
    else if (method === 'NodeWorker.detachedFromWorker')
      this.#conversations.get(sessionId)?.lost(new LostError('it has ended meanwhile'))
  }

  /** The title is `[worker 3] name`, with Node's count. */
  #attach(sessionId: string, title: string): void {
    if (this.#attached === undefined) return // It has begun during the look.
    const thread = new Conversation({
      // An error (the thread has just ended) is told by `detachedFromWorker` too.
      send: message =>
        void this.#program
          .request('NodeWorker.sendMessageToWorker', { sessionId, message }, answerMs)
          .catch(error => thread.lost(error)),
      answerMs,
      silent: `it did not answer within ${answerMs / 1_000} s: it is in a call of the system that does not return, or is just starting or ending`,
    })
    this.#conversations.set(sessionId, thread)
    const id = /worker (\d+)/i.exec(title)?.[1]
    this.#attached(thread, id === undefined ? undefined : Number(id))
  }
}
