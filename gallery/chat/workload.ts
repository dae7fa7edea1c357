/** A chat room on one event loop, and clients that all talk at the same time. */
import type { Executor } from '../../src/index.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { Client, type Heard } from './client.ts'
import { Room } from './room.ts'
import { talk } from './tasks.ts'

export interface ChatSize extends Size {
  readonly clients: number
  readonly linesEach: number
}

const longestMs = 120_000

/** What each client has heard. */
export const chat: Workload<Heard[], ChatSize> = {
  name: 'chat',
  title: 'Chat room',
  lesson: 'One event loop serves everybody, and tells everybody the same in the same order, without a lock.',
  sizes: {
    S: { label: '8 clients, 10 lines each', clients: 8, linesEach: 10 },
    M: { label: '50 clients, 20 lines each', clients: 50, linesEach: 20 },
    L: { label: '60 clients, 200 lines each', clients: 60, linesEach: 200 },
    // The workshop names no size.
    workshop: { label: '10 clients, 10 lines each', clients: 10, linesEach: 10 },
  },
  defaultSize: 'M',

  /** The clients speak one after the other, and each waits until all have heard the line. */
  async serial({ clients: count, linesEach }) {
    await using room = await Room.open()
    const clients: Client[] = []
    try {
      for (const name of namesOf(count)) clients.push(await Client.enter(room.port, name))
      for (const client of clients) await client.untilHere(count)
      for (let line = 1, said = 0; line <= linesEach; line++) {
        for (const speaker of clients) {
          speaker.say(`line ${line}`)
          said += 1
          for (const listener of clients) await listener.untilHeard(said)
        }
      }
      return clients.map(({ heard }) => heard)
    } finally {
      for (const client of clients) client.leave()
    }
  },

  /** The room is on this loop; the clients are dealt out to the workers, and all talk at once. */
  async parallel(executor: Executor, { clients, linesEach }: ChatSize, { onProgress }: ParallelOptions = {}) {
    await using room = await Room.open()
    const groups = groupsOf(namesOf(clients), executor.workers)
    let done = 0
    // With `run`, as each group needs a worker of its own: they talk to each other, so none can
    // wait for another to end.
    const calls = groups.map(async names => {
      const timed = executor.with({ timeoutMs: longestMs })
      const heard = await timed.run(talk, { port: room.port, names, everybody: clients, linesEach })
      done += 1
      onProgress?.(done, groups.length)
      return heard
    })
    return (await Promise.all(calls)).flat()
  },

  check(answer, { clients, linesEach }): Verdict {
    const lines = clients * linesEach
    const complete = answer.filter(heard => heard.lines === lines && heard.different === lines).length
    const orders = new Set(answer.map(({ transcript }) => transcript)).size
    const say = (heardAll: number, ways: number) =>
      `${heardAll} of ${clients} clients heard all ${lines.toLocaleString('en-US')} lines once, in ${ways} order${ways === 1 ? '' : 's'}`
    const [shows, expected] = [say(complete, orders), say(clients, 1)]
    return { ok: shows === expected, shows, expected }
  },
}

function namesOf(clients: number): string[] {
  return Array.from({ length: clients }, (_, nth) => `guest ${nth + 1}`)
}

/** Deals the names out to at most `most` groups. */
function groupsOf(names: readonly string[], most: number): string[][] {
  const groups = Array.from({ length: Math.min(most, names.length) }, (): string[] => [])
  for (const [nth, name] of names.entries()) groups[nth % groups.length]?.push(name)
  return groups
}
