/** All cases, in the order of the page. */
import type { Case } from '../case.ts'
import { burst, burstOfRecords } from './burst.ts'
import { channel } from './channel.ts'
import { across0, across16, across1000 } from './channel-across.ts'
import { cold } from './cold.ts'
import { crawler, crawlerAtOnce } from './crawler.ts'
import { oneAtATime, sixtyFour } from './in-flight.ts'
import { limiter } from './limiter.ts'
import { loopMap } from './loop-map.ts'
import { map } from './map.ts'
import { copied, moved, shared } from './mebibyte.ts'
import { memory } from './memory.ts'
import { spawnJoin } from './spawn-join.ts'
import { collatz, primes } from './speed-up.ts'

export const cases: readonly Case[] = [
  burst,
  burstOfRecords,
  sixtyFour,
  oneAtATime,
  map,
  copied,
  moved,
  shared,
  primes,
  collatz,
  cold,
  memory,
  limiter,
  loopMap,
  spawnJoin,
  channel,
  across1000,
  across16,
  across0,
  crawler,
  crawlerAtOnce,
]
