/** Which rows were right with the build that is there: so the matrix can be played in pieces. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../shipping/project.ts'
import { type Outcome, rowsFolder } from './play.ts'
import { nameOf } from './row.ts'

interface Played {
  readonly build: string
  readonly right: readonly string[]
}

const file = join(rowsFolder, 'played.json')

/** The names of those rows. */
export function rightRows(): Set<string> {
  if (!existsSync(file)) return new Set()
  const { build, right } = JSON.parse(readFileSync(file, 'utf8')) as Played
  return new Set(build === thisBuild() ? right : [])
}

export function noteRight({ row, wrong }: Outcome): void {
  const right = rightRows()
  if (wrong === undefined) right.add(nameOf(row))
  else right.delete(nameOf(row))
  mkdirSync(rowsFolder, { recursive: true })
  const played: Played = { build: thisBuild(), right: [...right] }
  writeFileSync(file, JSON.stringify(played))
}

/** What `npm run everywhere` has built, or found up to date. */
function thisBuild(): string {
  return `${process.versions.node} ${readFileSync(join(root, 'node_modules/.cache/atonce-build'), 'utf8')}`
}
