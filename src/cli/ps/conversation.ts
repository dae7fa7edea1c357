/**
 * Questions to one side that runs code, a program or one of its threads, in the Chrome DevTools
 * Protocol; over which way they travel is somebody else's matter.
 */
import { runtime } from '../../runtime/runtime.ts'
import { CommandError, exitCodes } from '../ending.ts'

/** Who can be asked. */
export interface Asked {
  /** The value of an expression in its own global scope, as JSON has it. @throws CommandError */
  evaluate(expression: string): Promise<unknown>
  /**
   * Of a promise: what it resolves to, or undefined if it has not within that time. @throws
   * CommandError
   */
  evaluateWithin(ms: number, promise: string): Promise<unknown>
}

/** An answer of the protocol. */
export interface Answer {
  readonly result?: {
    readonly result?: { readonly value?: unknown }
    readonly exceptionDetails?: {
      readonly exception?: { readonly description?: string }
      readonly text: string
    }
  }
  readonly error?: { readonly message: string }
}

/** Who was asked is not there any more. */
export class LostError extends CommandError {
  constructor(message: string) {
    super(exitCodes.failed, message)
  }
}

export interface ConversationOptions {
  /** Throws, if what is sent can't arrive any more. */
  readonly send: (text: string) => void
  /** How long an answer may take. */
  readonly answerMs: number
  /** What is said of a side that takes longer. */
  readonly silent: string
}

export class Conversation implements Asked {
  readonly #options: ConversationOptions
  readonly #answers = new Map<number, (answer: Answer | Error) => void>()
  #sent = 0

  constructor(options: ConversationOptions) {
    this.#options = options
  }

  /** What the other side sent; what is not an answer is left alone. */
  receive(message: Answer & { readonly id?: number }): void {
    if (message.id === undefined) return
    this.#answers.get(message.id)?.(message)
    this.#answers.delete(message.id)
  }

  /** There will be no further answer. */
  lost(error: Error): void {
    for (const settle of this.#answers.values()) settle(error)
    this.#answers.clear()
  }

  /** Undefined if there was no answer in time. */
  request(method: string, params: object, withinMs: number): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      this.#sent += 1
      const id = this.#sent
      const timer = runtime().setTimer(withinMs, () => {
        this.#answers.delete(id)
        resolve(undefined)
      })
      this.#answers.set(id, answer => {
        timer.cancel()
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
      this.#options.send(JSON.stringify({ id, method, params }))
    })
  }

  async evaluate(expression: string): Promise<unknown> {
    const { answerMs, silent } = this.#options
    const params = { expression, returnByValue: true, timeout: answerMs }
    const answer = await this.request('Runtime.evaluate', params, answerMs + 500)
    if (answer === undefined) throw new CommandError(exitCodes.timeout, silent)
    return valueIn(answer)
  }

  async evaluateWithin(ms: number, expression: string): Promise<unknown> {
    const params = { expression, returnByValue: true, awaitPromise: true }
    const answer = await this.request('Runtime.evaluate', params, ms)
    return answer === undefined ? undefined : valueIn(answer)
  }
}

function valueIn({ result, error }: Answer): unknown {
  const thrown = result?.exceptionDetails
  const why = error?.message ?? thrown?.exception?.description ?? thrown?.text
  if (why !== undefined)
    throw new CommandError(exitCodes.failed, `The program could not tell what runs in it: ${why}`)
  return result?.result?.value
}
