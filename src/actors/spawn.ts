/** An actor that nobody supervises. */
import { Cell, usualShutdownMs } from './cell.ts'
import { ActorChild } from './child.ts'
import { type ActorClass, definitionIn } from './definition.ts'
import { named } from './names.ts'
import { type Ref, refTo } from './ref.ts'
import { childSettings, type StartOptions } from './settings.ts'
import { system } from './system.ts'

/**
 * Starts an actor on this thread that nobody supervises: when it fails, it ends, and whoever
 * watches it is told.
 *
 * Rejects with ActorStartError when the constructor or `onStart` throws, with InvalidActorError if
 * `cls` was not declared by `actor()`, with NameTakenError, OptionError. Never throws.
 * @example
 *     const counter = await spawn(Counter, [0])
 */
export async function spawn<T extends object, A extends readonly any[]>(
  cls: ActorClass<T, A>,
  args: Readonly<A>,
  options?: Pick<StartOptions, 'name' | 'startTimeoutMs'>,
): Promise<Ref<T>> {
  const of = system()
  const cell = new Cell(of, definitionIn(cls), args, undefined)
  const ref = refTo(cell)
  if (options === undefined) {
    try {
      const starting = cell.start()
      if (starting !== undefined) await starting
    } catch (error) {
      cell.over({ kind: 'noproc' }) // Its timers and children would stay.
      throw error
    }
    return ref as unknown as Ref<T>
  }
  const child = new ActorChild(cell, childSettings({ ...options, restart: 'temporary' }), {
    failed: (_, reason) => void cell.end(reason, usualShutdownMs),
    childEnded() {},
  })
  cell.parent = child
  if (options.name !== undefined) named(of, cell, options.name, ref)
  try {
    await child.begin()
  } catch (error) {
    child.discard()
    throw error
  }
  return ref as unknown as Ref<T>
}
