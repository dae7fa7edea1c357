/**
 * The tasks that one worker was told of: by which numbers it knows them, and whether it has
 * imported their modules.
 */
import type { Task } from '../task/task.ts'

interface Told {
  readonly ref: number
  loaded: boolean
}

export class ToldTasks {
  readonly #told = new Map<Task, Told>()
  /** The task that was asked for last, and its number: mostly the next one too. */
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

  /** It was told of the task, by `nextRef`. */
  add(task: Task): void {
    this.#told.set(task, { ref: this.nextRef, loaded: false })
  }

  isLoaded(task: Task): boolean {
    if (task === this.#lastLoaded) return true
    if (this.#told.get(task)?.loaded !== true) return false
    this.#lastLoaded = task
    return true
  }

  /** Whether it was told of the task and has not said that it is imported. */
  isLoading(task: Task): boolean {
    return this.#told.get(task)?.loaded === false
  }

  /**
   * It says that the task of that number is imported, or can't be; returns the task, if it was not
   * known.
   */
  loaded(ref: number): Task | undefined {
    for (const [task, told] of this.#told) {
      if (told.ref !== ref || told.loaded) continue
      told.loaded = true
      return task
    }
    return undefined
  }

  /** It has answered a call of the task. */
  loadedTask(task: Task): void {
    const told = this.#told.get(task)
    if (told !== undefined) told.loaded = true
  }
}
