/** The plain loop: one page after the other, in the order in which they are found. */
import type { Place } from '../site/get.ts'
import { Harvest } from './harvest.ts'
import { Robots } from './site-robots.ts'
import { visit } from './visit.ts'

export async function crawlSerially(start: string, place: Place): Promise<Harvest> {
  const harvest = new Harvest(new Robots(place))
  const queue = await harvest.admit([start])
  for (const url of queue) queue.push(...(await harvest.add(await visit(url, place))))
  return harvest
}
