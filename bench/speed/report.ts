/** The results as a page: goals first, then a table for each case, then how it was measured. */
import { markdownTable } from 'markdown-table'
import type { Case, Sample } from './case.ts'
import { plain, range, rate } from './figures.ts'
import { bestOf, judge, type Verdict } from './goals.ts'
import type { Machine } from './machine.ts'
import { rivals } from './rivals/all.ts'
import { ratiosOf, type Spread, spreadOf } from './spread.ts'
import type { Played, Standing, Tournament } from './tournament.ts'

/** Everything that a run found out; `--json` prints it as it is. */
export interface Results {
  readonly machine: Machine
  readonly command: string
  readonly minutes: number
  readonly tournament: Tournament
}

export function page(results: Results): string {
  const { tournament, machine, command, minutes } = results
  return `# How fast, beside the others

${goalsTable(tournament.played)}

${tournament.played.map(section).join('\n\n')}

## How it was measured

\`${command}\` makes this page. ${tournament.samples} samples in ${minutes.toFixed(1)} minutes; ${tournament.again} of them were taken a
second time, because others' work took more than 0.15 of a core and was in the way. All that have workers have two. Each sample is a program of
its own: it starts the workers, warms up (for three seconds where the cost of a call is measured, one second where a speed-up is), measures, and checks every answer. A round goes through all contenders, forwards or
backwards by turns. Figures are medians over the rounds, with the least and the greatest in brackets; a ratio is formed within a
round, and is above 1 where the contender is better. *CPU* is the time of the whole tree of processes, *others* the cores that
other programs kept busy meanwhile: the median, and the most.

${rivals
  .filter(({ about }) => about)
  .map(({ name, about }) => `- *${name}*: ${about}`)
  .join('\n')}

${machine.text}
`
}

function goalsTable(played: readonly Played[]): string {
  const verdicts = judge(played)
  if (verdicts.length === 0) return ''
  const rows = verdicts.map(({ goal, case: { unit }, reached, met, roundsMet, rounds }) => [
    `${goal.case}${goal.figure ? ', p50' : ''}`,
    goal.subject,
    inWords(goal, unit),
    range(reached, goal.as === 'at least' ? rate : plain),
    met ? 'met' : 'not met',
    `${roundsMet} of ${rounds}`,
  ])
  return `## Goals\n\n${markdownTable([['case', 'who', 'goal', 'reached', '', 'rounds that reach it'], ...rows])}`
}

function inWords(goal: Verdict['goal'], unit: Case['unit']): string {
  if (goal.as === 'at least') return `at least ${rate(goal.limit)} ${unit}`
  return goal.as === 'times'
    ? `at least ${goal.limit} times as good as ${goal.rival}`
    : `at most ${goal.limit} times what ${goal.rival} costs`
}

/**
 * What everybody is shown in relation to, beside the best library: what nothing that does the same
 * is likely to beat.
 */
const floors = ['raw', 'bare promises']

function section(one: Played): string {
  const floor = one.standings.find(({ rival }) => floors.includes(rival.name))
  const loop = one.standings.find(({ rival }) => rival.kind === 'loop')
  const best = bestOf(one, 'library')
  const relative: [title: string, to: Standing | undefined][] = [
    [`to ${best?.rival.name}`, best],
    [`to ${floor?.rival.name}`, floor],
    ...(one.case.speedUp ? ([['to the loop', loop]] as [string, Standing | undefined][]) : []),
  ]
  const shown = relative.filter(([, to]) => to && to.samples.length > 0)
  const any = (figure: keyof Sample): boolean =>
    one.standings.some(({ samples }) => samples.some(sample => sample?.[figure] !== undefined))
  const [withP50, withP99, withLoad] = [any('p50Us'), any('p99Us'), any('cpuUs')]
  const head = [
    '',
    one.case.unit,
    ...shown.map(([title]) => title),
    ...(withP50 ? ['p50 µs'] : []),
    ...(withP99 ? ['p99 µs'] : []),
    ...(withLoad ? [`CPU ${one.case.cpuPer === 'run' ? 'ms' : `µs/${one.case.cpuPer}`}`, 'others'] : []),
    '',
  ]
  const lines = one.standings.map(standing => [
    standing.rival.name,
    range(
      spread(standing, ({ value }) => value),
      one.case.better === 'higher' ? rate : plain,
    ),
    ...shown.map(([, to]) => range(spreadOf(betterThan(one.case, standing, to as Standing)))),
    ...(withP50 ? [middle(standing, ({ p50Us }) => p50Us)] : []),
    ...(withP99 ? [middle(standing, ({ p99Us }) => p99Us)] : []),
    ...(withLoad
      ? [
          middle(standing, ({ cpuUs }) =>
            cpuUs === undefined || one.case.cpuPer !== 'run' ? cpuUs : cpuUs / 1_000,
          ),
          others(standing),
        ]
      : []),
    remark(standing),
  ])
  const align = head.map((_, at) => (at === 0 || at === head.length - 1 ? 'l' : 'r'))
  return `## ${one.case.name}\n\n${one.case.title}; ${one.case.better} is better.\n\n${markdownTable([head, ...lines], { align })}`
}

/** How many times as good as `other`, round by round. */
function betterThan({ better }: Case, standing: Standing, other: Standing): number[] {
  const own = standing.samples.map(sample => sample?.value)
  const its = other.samples.map(sample => sample?.value)
  return better === 'higher' ? ratiosOf(own, its) : ratiosOf(its, own)
}

function spread({ samples }: Standing, figure: (sample: Sample) => number | undefined): Spread | undefined {
  return spreadOf(samples.map(sample => sample && figure(sample)))
}

function middle(standing: Standing, figure: (sample: Sample) => number | undefined): string {
  const found = spread(standing, figure)
  return found ? plain(found.median) : ''
}

function others(standing: Standing): string {
  const found = spread(standing, ({ foreignCores }) => foreignCores)
  return found ? `${found.median.toFixed(2)}, ${found.max.toFixed(2)}` : ''
}

function remark({ samples, ended }: Standing): string {
  const notes = new Set(samples.flatMap(sample => sample?.note ?? []))
  if (ended) notes.add(ended.failed ? `failed: ${ended.why}` : `n/a: ${ended.why}`)
  return [...notes].join('; ').replaceAll('|', '\\|')
}
