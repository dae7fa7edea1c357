/**
 * Coroutines: every page is a child of one scope, from the moment when a link to it is found.
 *
 *     follow(urls) ─▶ one child each: a place at its host ─▶ visitPage ─▶ harvest ─▶ follow(new urls)
 *
 * The crawl is over when the scope is: there is no count of open pages to keep, and no page is left
 * behind. The first failure ends all the others.
 */
import { type Executor, type ProgressListener, scope } from '../../src/index.ts'
import type { Place } from '../site/get.ts'
import { Courtesy } from './courtesy.ts'
import { Harvest } from './harvest.ts'
import { Robots } from './site-robots.ts'
import { visitPage } from './tasks.ts'

export async function crawlAsFound(
  start: string,
  place: Place,
  perHost: number,
  executor: Executor,
  onProgress: ProgressListener = () => {},
): Promise<Harvest> {
  const harvest = new Harvest(new Robots(place))
  const courtesy = new Courtesy(perHost)
  await scope(async s => {
    const follow = (urls: readonly string[]) => {
      for (const url of urls) {
        s.spawn(async ({ signal }) => {
          const pool = executor.with({ signal })
          follow(await harvest.add(await courtesy.run(url, () => pool.run(visitPage, url, place))))
          onProgress(...harvest.progress)
        })
      }
    }
    follow(await harvest.admit([start]))
  })
  return harvest
}
