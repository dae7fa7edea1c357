/**
 * What happened, in lines of a file for each program: written at once and by the system itself, so
 * that a program that is killed in the next moment has said it all the same.
 *
 *     caller:  ack <id> <kind>     the task was acknowledged          saw <id> <what>   the outcome that its caller was told
 *              cancel <id>         the cancellation was acknowledged  wrong <text>      something that may never be
 *     worker:  begin <id> <token>  a run of the task                  end <id> <token>  it came to its end
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the ledgers; each program has a file of its own in it. */
export const ledgerVariable = 'ATONCE_CHAOS_LEDGER'

export function note(...words: readonly string[]): void {
  const folder = process.env[ledgerVariable]
  if (folder !== undefined) appendFileSync(join(folder, `${process.pid}.txt`), `${words.join(' ')}\n`)
}

export type Line = readonly string[]

/** All lines of all programs; the order counts within one program only. */
export function linesIn(folder: string): Line[] {
  return readdirSync(folder).flatMap(name =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => line.split(' ')),
  )
}
