/**
 * The workers of one executor's kind that actors live in: as many as the executor has, started as
 * they are needed.
 */

import { ClosedError, OptionError } from '../../errors.ts'
import { type Executor, isClosing } from '../../executor/executor.ts'
import { insideTask } from '../../task/context.ts'
import { isWorker } from '../../worker/birth.ts'
import { placeOf, type WorkerPlace } from '../../worker/place.ts'
import { refuseExecutor } from '../../worker/refusal.ts'
import { currentActor } from '../current.ts'
import { WorkerHost } from './worker-host.ts'

export class HostingPlace {
  readonly #executor: Executor
  readonly #place: WorkerPlace
  readonly #hosts = new Set<WorkerHost>()
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
    const { host: fewest, count } = this.#openHosts(module)
    let host = fewest
    if (host === undefined || (host.actors > 0 && count < this.#place.workers)) {
      this.#started += 1
      host = new WorkerHost(this.#started, this.#place, module, ended => this.#hosts.delete(ended))
      this.#hosts.add(host)
    }
    host.actors += 1
    return host
  }

  /** It looks at each worker, not at each actor. */
  #openHosts(module: string): { readonly host: WorkerHost | undefined; readonly count: number } {
    const { isElsewhere } = this.#place
    let count = 0
    let fewest: WorkerHost | undefined
    for (const host of this.#hosts) {
      if (!host.isOpen || (isElsewhere === true && host.module !== module)) continue
      count += 1
      if (fewest === undefined || host.actors < fewest.actors) fewest = host
    }
    return { host: fewest, count }
  }
}

const places = new WeakMap<Executor, HostingPlace>()

/**
 * Where actors that are started `on` this executor live; undefined for this thread.
 * @throws OptionError
 */
export function hostingPlace(on: Executor): HostingPlace | undefined {
  if (on?.model === 'coroutines') return undefined
  // While a worker imports a module to find its actors, that module must not start workers, which
  // would import it again.
  if (isWorker && !insideTask() && currentActor() === undefined) refuseExecutor()
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
