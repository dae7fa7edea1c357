/**
 * The tasks that one worker was told of, with their numbers there, and whether their modules are
 * imported.
 */
import type { Task } from '../task/task.ts'

interface Told {
  readonly ref: number
  loaded: boolean
}

export class ToldTasks {
  readonly #told = new Map<Task, Told>()
  /** The task that was asked for last, and its number. Mostly the next one is the same. */
  #last: Task | undefined
  #lastRef = 0
  /** The same for whether it is imported. */
  #lastLoaded: Task | undefined

  /** Whether the import of any has not ended. */
  get someLoading(): boolean {
    for (const { loaded } of this.#told.values()) if (!loaded) return true
    return false
  }

  get size(): number {
    return this.#told.size
  }

  /** The task's number; undefined if the worker was not told of it. */
  refOf(task: Task): number | undefined {
    if (task === this.#last) return this.#lastRef
    const told = this.#told.get(task)
    if (told === undefined) return undefined
    this.#last = task
    this.#lastRef = told.ref
    return told.ref
  }

  /** The number of the next new task. */
  get nextRef(): number {
    return this.#told.size + 1
  }

  /** The worker was told of the task, with `nextRef`. */
  add(task: Task): void {
    this.#told.set(task, { ref: this.nextRef, loaded: false })
  }

  isLoaded(task: Task): boolean {
    if (task === this.#lastLoaded) return true
    if (this.#told.get(task)?.loaded !== true) return false
    this.#lastLoaded = task
    return true
  }

  /** Whether the worker was told of the task and has not said that it is imported. */
  isLoading(task: Task): boolean {
    return this.#told.get(task)?.loaded === false
  }

  /**
   * The worker says that the task of that number is imported, or can't be. Returns the task, unless
   * that was known.
   */
  loaded(ref: number): Task | undefined {
    for (const [task, told] of this.#told) {
      if (told.ref !== ref || told.loaded) continue
      told.loaded = true
      return task
    }
    return undefined
  }

  /** The worker has answered a call of the task. */
  loadedTask(task: Task): void {
    const told = this.#told.get(task)
    if (told !== undefined) told.loaded = true
  }
}
