/**
 * What workers do for the crawler: addresses go out, titles and links come back; the pages stay
 * there.
 */
import { context, scope, task } from '../../src/index.ts'
import type { Place } from '../site/get.ts'
import { Courtesy } from './courtesy.ts'
import { type Visit, visit } from './visit.ts'

/** Visits one page. */
export const visitPage = task(import.meta, function visitPage(url: string, place: Place): Promise<Visit> {
  return visit(url, place, context().signal)
})

/** Visits pages, all at the same time but for what a host allows; in no order. */
export const visitPages = task(
  import.meta,
  async function visitPages(urls: readonly string[], place: Place, perHost: number): Promise<Visit[]> {
    const courtesy = new Courtesy(perHost)
    const visits: Visit[] = []
    await scope(async s => {
      for (const url of urls) {
        s.spawn(async ({ signal }) => {
          visits.push(await courtesy.run(url, () => visit(url, place, signal)))
        })
      }
    })
    return visits
  },
)
