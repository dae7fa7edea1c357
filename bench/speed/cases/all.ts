/** All cases, in the order of the page. */
import type { Case } from '../case.ts'
import { burst } from './burst.ts'
import { cold } from './cold.ts'
import { oneAtATime, sixtyFour } from './in-flight.ts'
import { map } from './map.ts'
import { copied, moved, shared } from './mebibyte.ts'
import { memory } from './memory.ts'
import { collatz, primes } from './speed-up.ts'

export const cases: readonly Case[] = [
  burst,
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
]
