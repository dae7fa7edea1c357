/**
 * The workers of one executor's kind that actors live in: as many as the executor has, started as
 * they are needed.
 */

import { ClosedError, OptionError } from '../../errors.ts'
import { type Executor, isClosing } from '../../executor/executor.ts'
import { insideTask } from '../../task/context.ts'
import { isStarted } from '../../worker/birth.ts'
import { placeOf, type WorkerPlace } from '../../worker/place.ts'
import { refuseExecutor } from '../../worker/refusal.ts'
import { currentActor } from '../current.ts'
import { Loads } from '../loads.ts'
import { WorkerHost } from './worker-host.ts'

export class HostingPlace {
  readonly #executor: Executor
  readonly #place: WorkerPlace
  /** Workers that take one more actor, by how many they have; on nodes for each module apart. */
  readonly #open = new Map<string, Loads<WorkerHost>>()
  #started = 0

  constructor(executor: Executor, place: WorkerPlace) {
    this.#executor = executor
    this.#place = place
  }

  /** @throws ClosedError */
  checkOpen(): void {
    if (!isClosing(this.#executor)) return
    throw new ClosedError(
      `${this.#place.name} is closed, so no actor starts on it. Stop the tree before the executor, or start the actor on an open one.`,
    )
  }

  /**
   * The worker with the fewest actors, a new one while there are fewer than the executor has; one
   * actor more lives there.
   * @throws ClosedError
   */
  enter(module: string): WorkerHost {
    this.checkOpen()
    const open = this.#openOf(this.#place.isElsewhere === true ? module : '')
    let host = open.least()
    if (host === undefined || (open.loadOf(host) > 0 && open.size < this.#place.workers)) {
      this.#started += 1
      host = new WorkerHost(this.#started, this.#place, module, {
        left: one => open.change(one, -1),
        closed: one => open.delete(one),
      })
      open.add(host)
    }
    open.change(host, 1)
    host.actors += 1
    return host
  }

  #openOf(module: string): Loads<WorkerHost> {
    let open = this.#open.get(module)
    if (open === undefined) {
      open = new Loads()
      this.#open.set(module, open)
    }
    return open
  }
}

const places = new WeakMap<Executor, HostingPlace>()

/**
 * While a worker imports a module to find what is in it, that module must not have other workers do
 * anything: they would import it again.
 * @throws EntryPointError
 */
export function refuseWhileImported(): void {
  if (isStarted && !insideTask() && currentActor() === undefined) refuseExecutor()
}

/**
 * Where actors that are started `on` this executor live; undefined for this thread.
 * @throws OptionError
 */
export function hostingPlace(on: Executor): HostingPlace | undefined {
  if (on?.model === 'coroutines') return undefined
  refuseWhileImported()
  let found = places.get(on)
  if (found === undefined) {
    const place = typeof on === 'object' && on !== null ? placeOf(on) : undefined
    if (place === undefined)
      throw new OptionError(
        'start(cls, args, { on }) takes an executor: threads(), processes() or cluster(), itself and not a view of it by with().',
      )
    found = new HostingPlace(on, place)
    places.set(on, found)
  }
  return found
}
