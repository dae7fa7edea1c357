/** The table: for the terminal, and as the page docs/guide/runs-on.md. */
import type { Outcome } from './play.ts'
import { nameOf, type Row } from './row.ts'

/** One line of a terminal. */
export function lineOf({ row, wrong, seconds }: Outcome): string {
  return `${wrong === undefined ? 'ok  ' : 'FAIL'} ${nameOf(row).padEnd(44)} ${seconds.toFixed(1).padStart(6)} s`
}

/** The page, from outcomes that are all right. */
export function pageOf(rows: readonly Row[], node: string): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  const tables = groups.map(group => {
    const lines = rows.filter(row => row.group === group).map(rowLine)
    const head = '| tool | how | `threads()` | `processes()` | set |\n| --- | --- | --- | --- | --- |'
    return `## ${group}\n\n${head}\n${lines.join('\n')}\n`
  })
  return `${opening(node)}\n${tables.join('\n')}\n${recipes(rows)}`
}

function opening(node: string): string {
  return `# Where it runs

<!-- Written by \`npm run everywhere -- --write\`; edit test/everywhere/, not this page. -->

Each row is a small project: two modules with three tasks, run and mapped on \`threads()\` and on \`processes()\`. A row is here
if its counts were right and came from workers. A bundle is first moved into a folder of its own, and its sources are changed: a worker that ran
them instead of the bundle would count wrong. Rows with a minifier play both forms.

Played on Node ${node}, on Linux, except where a row names another. To play them again: \`npm run everywhere\`, or
\`npm run everywhere -- webpack\` for some. [Bundlers and frameworks](bundlers.md) explains the column “set”.
`
}

function rowLine(row: Row): string {
  const [version = ''] = Object.values(row.tools)
  const processes = row.processesRefuse === undefined ? 'yes' : `refused: \`${row.processesRefuse}\``
  return `| ${row.tool} ${version} | ${row.how} | yes | ${processes} | ${row.set ?? ''} |`
}

function recipes(rows: readonly Row[]): string {
  const each = rows
    .filter(({ builds }) => builds !== undefined)
    .map(row => `${row.tool}, ${row.how}:\n\n${fenced('sh', (row.builds ?? []).join('\n'))}${configOf(row)}`)
  return `## The commands\n\n${each.join('\n')}`
}

function configOf({ files }: Row): string {
  return Object.entries(files)
    .filter(([path]) => /config\.[mc]?[jt]s$/.test(path))
    .map(([path, text]) => fenced('js', `// ${path}\n${text.trim()}`))
    .join('')
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\`\n`
}
