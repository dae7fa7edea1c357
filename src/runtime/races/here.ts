/** The detector of this thread, made when it has the first thing to look at. */
import { isMainThread, threadId } from 'node:worker_threads'
import { publishDataRace } from '../../trace.ts'
import { selfAgent, selfAgentName } from '../agents.ts'
import { atomicsInForce, putBeneath } from '../atomics.ts'
import { DataRaceError } from './data-race-error.ts'
import { Detector, type Race } from './detector.ts'
import { racesFoundAt } from './layout.ts'
import { LibraryAtomics, watchPlatformAtomics } from './ordering.ts'
import { listenForClocks, raceMemory, racesWanted } from './wanted.ts'

/** As Go's race detector says it. */
const exitCodeOfRaces = 66

let made: Detector | undefined

/** The detector, if races are looked for here; not in threads that a checker plays. */
export function raceDetector(): Detector | undefined {
  if (!racesWanted() || atomicsInForce() !== undefined) return undefined
  made ??= begin()
  return made
}

function begin(): Detector {
  const memory = raceMemory()
  // Each pool has a thread 1.
  const name = isMainThread ? 'main' : `${selfAgentName()} (threadId ${threadId})`
  const detector = new Detector({ memory, self: selfAgent, nameOfSelf: () => name, report })
  listenForClocks(detector)
  putBeneath(new LibraryAtomics(detector))
  watchPlatformAtomics(detector)
  if (isMainThread)
    process.on('exit', () => {
      if ((memory[racesFoundAt] as number) > 0) process.exitCode ??= exitCodeOfRaces
    })
  return detector
}

function report(race: Race): void {
  const error = new DataRaceError(race.of, race.accesses)
  publishDataRace({ error })
  // Written at once: what a thread says by its stream is lost if it ends now.
  process.getBuiltinModule('node:fs').writeSync(2, `atonce: ${error.message}\n`)
}
