/**
 * Two stages with a channel between them: walkers list folders, checkers have their files digested.
 *
 *     folders ─▶ walker × 4 ─▶ channel of paths ─▶ checker × 4 ─▶ digestFile on the executor
 *                   ▲                                  │
 *                   └────── s.cancel() ◀── found ──────┘
 *
 * The channel holds few paths: walkers that are faster than the checkers wait for them. Whoever
 * waits in the channel when the file is found is stopped there, at once: no flag has to be looked
 * at, and no item has to come along for it to be seen.
 */
import { Channel, type Executor, scope } from '../../src/index.ts'
import { filesIn } from '../kept-files.ts'
import { digestFile } from './tasks.ts'

const walkers = 4
const checkers = 4
const mostBetween = 32

/**
 * The path of a file with that digest, or undefined if none has it; the search ends with the first
 * that is found.
 */
export async function findByDigest(
  folders: readonly string[],
  wanted: string,
  executor: Executor,
  onChecked: () => void = () => {},
): Promise<string | undefined> {
  let found: string | undefined
  await scope(async s => {
    const paths = new Channel<string>(mostBetween)
    const foldersLeft = folders.values()
    const walk = async () => {
      for (const folder of foldersLeft) for (const path of filesIn(folder)) await paths.send(path)
    }
    const check = async (pool: Executor) => {
      for await (const path of paths) {
        const digest = await pool.run(digestFile, path)
        onChecked()
        if (digest !== wanted) continue
        found = path
        s.cancel()
      }
    }
    const pool = executor.with({ signal: s.signal })
    for (let n = 0; n < checkers; n++) s.spawn(() => check(pool))
    s.spawn(async () => {
      await scope(async stage => {
        for (let n = 0; n < walkers; n++) stage.spawn(walk)
      })
      paths.close()
    })
  })
  return found
}
