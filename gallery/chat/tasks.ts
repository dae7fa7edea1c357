/**
 * What workers do for the chat: some clients enter, speak and listen until everybody has said
 * everything.
 */
import { context, task } from '../../src/index.ts'
import { Client, type Heard } from './client.ts'

/** Who is there, in all and of this task, and how much each of them says. */
export interface Talk {
  readonly port: number
  readonly names: readonly string[]
  readonly everybody: number
  readonly linesEach: number
}

/**
 * Each client says its lines when all are there, and leaves when it has heard all lines of
 * everybody.
 */
export const talk = task(import.meta, function talk(plan: Talk): Promise<Heard[]> {
  const { signal } = context()
  return Promise.all(plan.names.map(name => attend(name, plan, signal)))
})

async function attend(
  name: string,
  { port, everybody, linesEach }: Talk,
  signal: AbortSignal,
): Promise<Heard> {
  const client = await Client.enter(port, name, signal)
  try {
    await client.untilHere(everybody)
    for (let line = 1; line <= linesEach; line++) client.say(`line ${line}`)
    await client.untilHeard(everybody * linesEach)
    return client.heard
  } finally {
    client.leave()
  }
}
