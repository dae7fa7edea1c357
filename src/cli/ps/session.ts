/**
 * One connection to a program, over whatever carries its text: questions to its main thread, and to
 * its threads through that.
 */
import { runtime } from '../../runtime/runtime.ts'
import { type Answer, type Asked, Conversation, LostError } from './conversation.ts'
import { type ThreadEvent, Threads } from './threads.ts'

/** A program that is looked into. */
export interface Opened extends Asked {
  /** The threads that the program has started. */
  readonly threads: Threads
  /** Leaves the program as it was. */
  close(): Promise<void>
}

export interface Carrier {
  /** False if it can't arrive any more. */
  send(text: string): boolean
  close(): void
}

/** How long the program may take to answer. */
const answerMs = 5_000

export class Session implements Asked {
  readonly threads: Threads
  readonly #carrier: Carrier
  readonly #program: Conversation
  readonly #end = Promise.withResolvers<void>()
  #leaving = false

  constructor(carrier: Carrier) {
    this.#carrier = carrier
    this.#program = new Conversation({
      send: text => {
        if (!carrier.send(text)) this.#lost()
      },
      answerMs,
      silent: `The program did not answer within ${answerMs / 1_000} s: it is in a call of the system that does not return, or is paused in a debugger.`,
    })
    this.threads = new Threads(this.#program)
  }

  /** One message, as it came. */
  receive(text: string): void {
    const message = JSON.parse(text) as Answer & ThreadEvent
    if (message.method === 'NodeRuntime.waitingForDisconnect') return this.#carrier.close()
    this.#program.receive(message)
    this.threads.receive(message)
  }

  /** The connection is closed. */
  ended(): void {
    if (!this.#leaving) this.#lost()
    this.#end.resolve()
  }

  #lost(): void {
    this.#program.lost(
      new LostError(
        'The program ended while it was looked at, or another look closed its inspector. Try again.',
      ),
    )
  }

  evaluate(expression: string): Promise<unknown> {
    return this.#program.evaluate(expression)
  }

  evaluateWithin(ms: number, promise: string): Promise<unknown> {
    return this.#program.evaluateWithin(ms, promise)
  }

  async request(method: string, params: object, withinMs = answerMs): Promise<void> {
    await this.#program.request(method, params, withinMs)
  }

  /** Whether the program ends the connection within that time. */
  async endsWithin(ms: number): Promise<boolean> {
    return await new Promise(resolve => {
      const timer = runtime().setTimer(ms, () => resolve(false))
      void this.#end.promise.then(() => {
        timer.cancel()
        resolve(true)
      })
    })
  }

  /** Ends the connection from here. */
  async leave(): Promise<void> {
    this.#leaving = true
    this.#carrier.close()
    await this.endsWithin(answerMs)
  }
}
