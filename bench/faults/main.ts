/**
 * Every fault on atonce and its peers, side by side; writes FAULTS.md.
 *
 *     npm --prefix bench run faults [-- --limit-ms 4000 --parallel 2 --keep-rivals]
 *
 * `--keep-rivals` plays only atonce anew, and takes the peers' results from the last run.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { CaseResult } from '../../test/faults/case.ts'
import type { Row } from '../../test/faults/row.ts'
import { groups } from '../../test/faults/rows/all.ts'
import { ownSubjects } from '../../test/faults/subjects/all.ts'
import { playSuite } from '../../test/faults/suite.ts'
import { columns, damageCounts, sideBySide } from '../../test/faults/table.ts'
import { rivals } from './rivals.ts'

const { values: options } = parseArgs({
  options: {
    'limit-ms': { type: 'string', default: '4000' },
    parallel: { type: 'string', default: '2' },
    'keep-rivals': { type: 'boolean', default: false },
  },
})

const lastRun = new URL('../.cache/faults.json', import.meta.url)
const subjects = [...ownSubjects, ...rivals]
const rows = groups.flatMap(group => group.rows)
const loadBefore = loadavg()[0] as number
const startedAt = performance.now()
const kept = options['keep-rivals'] ? keptResults() : []
const played = await playSuite({
  rows,
  subjects: options['keep-rivals'] ? ownSubjects : subjects,
  limitMs: Number(options['limit-ms']),
  parallel: Number(options.parallel),
  onResult: (_, done, total) =>
    process.stderr.isTTY && process.stderr.write(done === total ? '\r\x1b[K' : `\r${done} of ${total} cases`),
})
const results = [...played, ...kept]
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
const counts = damageCounts(subjects, results)

console.log(`${columns(sideBySide(rows, subjects, results))}\n\n${columns(counts)}`)
writeFileSync(new URL('../FAULTS.md', import.meta.url), page())
mkdirSync(new URL('.', lastRun), { recursive: true })
writeFileSync(lastRun, JSON.stringify(results))

function keptResults(): CaseResult[] {
  const last = JSON.parse(readFileSync(lastRun, 'utf8')) as CaseResult[]
  return last.filter(({ subject }) => rivals.some(({ name }) => name === subject))
}

function page(): string {
  return `# The faults, on atonce and its peers

Every cell is a program of its own in which one fault happens to a pool of one worker. A call that has not settled after
${Number(options['limit-ms']) / 1_000} s hangs (some faults are given longer; the rows say so). \`npm --prefix bench run faults\` makes this page.

${machine()}

## How often

${markdown(counts)}

- *hangs*: the call that met the fault, the one queued behind it, one made later, or \`close()\`, was still pending at the limit.
- *main lingers*: the main program did not end by itself 3 s after all was done.
- *main dies*: the main program ended, of an error that no promise delivered.
- *orphans*: a worker process lived 2 s after the main program had ended.
- *wrong value*: a value arrived that is not the one that was sent, or a failure arrived as a result, without an error.
- *n/a*: the fault can't happen on that model (*inherent*), the library has no such option (*feature*), or the fault could not
  be brought about (*moot*, as when idle workers are frozen and so never throw). These count for nobody.
- *refuses* and *error loses parts* are loud, so they count as no damage.

Each library is used as its manual says, and a little better. Closed: \`piscina.destroy()\`, \`tinypool.destroy()\`;
\`workerpool.terminate()\`, and \`terminate(true)\` once the grace is over, because its own timeout ends no worker. piscina and
tinypool have no timeout; they get an \`AbortSignal.timeout()\`, and a listener for their 'error' events. A row in which a library
may have another policy (does a closed pool start again?) counts only hangs, deaths and orphans.

${groups.map(({ title, rows }) => `## ${title}\n\n${markdown(withFaults(rows))}`).join('\n\n')}
`
}

function machine(): string {
  const versions = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const peers = ['piscina', 'tinypool', 'workerpool'].map(name => `${name} ${versions.dependencies[name]}`)
  return `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadBefore.toFixed(1)} before the run; ${peers.join(', ')}; ${played.length} cases in ${minutes} minutes, ${options.parallel} at a time${kept.length === 0 ? '' : '; the peers as in an earlier run'}.`
}

function withFaults(of: readonly Row[]): string[][] {
  const [head, ...lines] = sideBySide(of, subjects, results) as [string[], ...string[][]]
  return [head, ...lines.map(([name, ...cells], at) => [`\`${name}\`: ${of[at]?.fault}`, ...cells])]
}

function markdown([head, ...lines]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('__', '\\_\\_')).join(' | ')} |`
  return [line(head ?? []), line((head ?? []).map(() => '---')), ...lines.map(line)].join('\n')
}
