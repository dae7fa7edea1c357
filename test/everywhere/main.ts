/** Plays the matrix of runners and bundlers and prints a table. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandOptions, refuse } from '../command-options.ts'
import { root } from '../shipping/project.ts'
import { lineOf, pageOf } from './page.ts'
import { type Outcome, play } from './play.ts'
import { noteRight, rightRows } from './played.ts'
import { nameOf } from './row.ts'
import { rows } from './rows.ts'

const usage = `npm run everywhere -- [name …] [options]

  name      only rows that have one of these in their names; all by default
  --list    which rows there are
  --write   also writes docs/guide/runs-on.md, if every row is right with this build: those that are
            asked for now, and the others when they were played last

Tools are installed on demand, below the folder for temporary files.`
const { values, positionals } = commandOptions(usage, {
  allowPositionals: true,
  options: { write: { type: 'boolean' }, list: { type: 'boolean' } },
})
const wanted = rows.filter(
  row => positionals.length === 0 || positionals.some(part => nameOf(row).includes(part)),
)
if (wanted.length === 0) refuse('No row has such a name. All names: npm run everywhere -- --list')

if (values.list) console.log(wanted.map(nameOf).join('\n'))
else await playAll()

async function playAll(): Promise<void> {
  const outcomes: Outcome[] = []
  for (const row of wanted) {
    const outcome = await play(row)
    outcomes.push(outcome)
    noteRight(outcome)
    console.log(lineOf(outcome))
    if (outcome.wrong !== undefined) console.log(outcome.wrong.replace(/^/gm, '     '))
  }
  const wrong = outcomes.filter(outcome => outcome.wrong !== undefined)
  console.log(`\n${outcomes.length - wrong.length} of ${outcomes.length} rows are right.`)
  for (const outcome of wrong) console.log(lineOf(outcome))
  process.exitCode = wrong.length === 0 ? 0 : 1
  if (!values.write) return
  const right = rightRows()
  const missing = rows.map(nameOf).filter(name => !right.has(name))
  if (missing.length > 0)
    throw new Error(`The page waits for rows that are not right with this build: ${missing.join(', ')}`)
  writeFileSync(join(root, 'docs/guide/runs-on.md'), pageOf(rows, process.versions.node))
}
