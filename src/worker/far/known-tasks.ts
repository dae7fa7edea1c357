/** The tasks that a worker was told of, by their numbers on its connection. */
import { ProtocolError } from '../../errors.ts'
import type { Task } from '../../task/task.ts'
import type { LoadMessage } from '../../wire/messages.ts'
import { isShortage, loadTask } from './loader.ts'
import type { Outgoing } from './outgoing.ts'

export class KnownTasks {
  readonly #worker: string
  readonly #outgoing: Outgoing
  readonly #tasks = new Map<number, Task | Promise<Task>>()
  readonly #names = new Map<number, string>()

  /** `worker` is its name, for errors. */
  constructor(worker: string, outgoing: Outgoing) {
    this.#worker = worker
    this.#outgoing = outgoing
  }

  /** Imports the task's module, and says how that went. */
  async load(message: LoadMessage): Promise<void> {
    const { ref, name } = message
    this.#names.set(ref, name === '' ? '(anonymous)' : name)
    const loading = loadTask(message)
    this.#tasks.set(ref, loading)
    try {
      this.#tasks.set(ref, await loading)
      this.#outgoing.send({ kind: 'loaded', ref })
    } catch (error) {
      // Node keeps that this import failed, but another worker may be able to read the file.
      if (isShortage(error)) this.#outgoing.send({ kind: 'worn' })
      this.#outgoing.send({ kind: 'loadFailed', ref, failure: this.#outgoing.encodeFailure(error) })
    }
  }

  /** The task's name, as its caller knows it. Its `load` was sent before, but on another lane. */
  nameOf(ref: number): string {
    if (!this.#names.has(ref)) this.#outgoing.readMessages()
    return this.#names.get(ref) ?? 'a task that it was never told of'
  }

  /** The task, or the promise of it. */
  get(ref: number): Task | Promise<Task> {
    if (!this.#tasks.has(ref)) this.#outgoing.readMessages()
    const task = this.#tasks.get(ref)
    if (task !== undefined) return task
    const who = { worker: `The executor of ${this.#worker}`, task: undefined }
    throw new ProtocolError(`a call, but this worker was never told of task ${ref}`, who)
  }

  /** Undefined while its module is being imported. */
  ifImported(ref: number): Task | undefined {
    const task = this.#tasks.get(ref)
    return typeof task === 'function' ? task : undefined
  }
}
