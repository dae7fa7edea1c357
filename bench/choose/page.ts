/** CHOOSE.md: one run, told. */
import { median } from '../../src/measure/statistics.ts'
import type { Played } from './played.ts'
import { intervalOfShare, rules, type Scored, scoreOf, shareOf } from './score.ts'

export interface Conditions {
  readonly machine: string
  readonly cores: number
  readonly commit: string
  readonly date: string
  readonly calibrated: boolean
}

export function page(
  all: readonly Played[],
  { machine, cores, commit, date, calibrated }: Conditions,
): string {
  const scored = all.map(played => scoreOf(played, cores))
  const untuned = scored.filter(({ played }) => played.half === 'untuned')
  const tuned = scored.filter(({ played }) => played.half === 'tuned')
  const foreign = all.map(({ foreignCores }) => foreignCores)
  return `# How well \`choose()\` chooses

One run of \`npm run bench:choose\`, which writes this page. ${date}, ${machine}, atonce at ${commit}. Others kept
${median(foreign).toFixed(2)} cores busy at the median, ${Math.max(...foreign).toFixed(2)} at most, while a function was measured.
${calibrated ? 'The machine was calibrated before, while it was quiet.' : 'The machine was never quiet enough to be calibrated, so the chooser reckoned with assumed figures.'}

Each of ${all.length} functions has a process of its own. \`choose(task, { inputs })\` answers first, from a cold start, and the chosen way runs once: what whoever
asks and then runs it sees. Then every way is forced over all inputs, in turns (A B C, C B A, …): in the same process, so with all code warm, each with a collected heap and an
executor of its own, a start of workers included. \`auto()\` is one of them; it knows nothing of the rounds before. After a round that does not count there are up to
fifteen; what takes twice as long as the best has its say in two. **Regret** is the median time of the chosen way over that of the best one. A choice is *right* if its regret is at most 1.10, or its time lies within the 95 %
interval of the best. Constants of the chooser were tuned by one half of the functions only; **what is claimed is the other half**
([functions.ts](choose/functions.ts) says which is which).

## The half that nothing was tuned by: ${untuned.length} functions

${summary(untuned)}

Beside it five naive rules, on the same figures:

${ruleTable(untuned)}

${confidenceTable(untuned)}

${table(untuned)}

${missed(untuned)}

${tunedHalf(tuned)}`
}

function tunedHalf(tuned: readonly Scored[]): string {
  if (tuned.length === 0)
    return 'The half that constants were tuned by was not measured in this run, and would not be quoted.\n'
  return `## The half that constants were tuned by: ${tuned.length} functions

Not to be quoted: it shows what the tuning had before its eyes.

${summary(tuned)}

${table(tuned)}

${missed(tuned)}
`
}

function summary(scored: readonly Scored[]): string {
  const right = scored.filter(one => one.right).length
  const { low, high } = intervalOfShare(right, scored.length)
  const confidence = (['sure', 'likely', 'undecided'] as const).map(level => {
    const of = scored.filter(({ played }) => played.choice.confidence === level)
    return of.length === 0
      ? `no “${level}”`
      : `of ${of.length} “${level}” ${of.filter(one => one.right).length} are right`
  })
  const sure = scored.filter(({ played }) => played.choice.confidence === 'sure')
  const autoRight = shareOf(scored, ({ auto }) => auto <= 1.15)
  const rows = [
    [
      'right choices',
      '≥ 95 %',
      `${right} of ${scored.length}: ${percent(right / scored.length)} [${percent(low)}–${percent(high)}]`,
      right / scored.length >= 0.95,
    ],
    [
      'worst regret',
      '≤ 2',
      Math.max(...scored.map(({ regret }) => regret)).toFixed(2),
      Math.max(...scored.map(({ regret }) => regret)) <= 2,
    ],
    [
      'predicted time of the chosen way, median error, against the run right after',
      '≤ 20 %',
      errorOf(scored.map(({ nextError }) => nextError)),
      median(scored.map(({ nextError }) => nextError)) <= Math.log2(1.2),
    ],
    [
      'the same against its runs in turns, when all is warm',
      '≤ 20 %',
      errorOf(scored.map(({ timeError }) => timeError)),
      median(scored.map(({ timeError }) => timeError)) <= Math.log2(1.2),
    ],
    [
      'predicted time of every way, median error',
      '',
      errorOf(scored.flatMap(({ timeErrors }) => timeErrors)),
      undefined,
    ],
    [
      '“sure” that is right',
      '≥ 95 %',
      confidence.join('; '),
      sure.length === 0 ? undefined : shareOf(sure, one => one.right) >= 0.95,
    ],
    [
      'trial within 0.3 s or 3 % of the run',
      'all',
      percent(shareOf(scored, one => one.trialFits)),
      scored.every(one => one.trialFits),
    ],
    [
      '`auto()` within 1.15 of the best executor that it may pick',
      '≥ 90 %',
      `${percent(autoRight)}; median ${median(scored.map(({ auto }) => auto)).toFixed(2)}, worst ${Math.max(...scored.map(({ auto }) => auto)).toFixed(2)}`,
      autoRight >= 0.9,
    ],
  ] as const
  return [
    '| | goal | found | |',
    '|---|---|---|---|',
    ...rows.map(
      ([what, goal, found, met]) =>
        `| ${what} | ${goal} | ${found} | ${met === undefined ? '' : met ? 'met' : '**missed**'} |`,
    ),
  ].join('\n')
}

function ruleTable(scored: readonly Scored[]): string {
  const row = (name: string, regrets: readonly number[]) => {
    const able = regrets.filter(Number.isFinite)
    const unable = regrets.length - able.length
    return `| ${name} | ${percent(shareOf(regrets, regret => regret <= 1.1))} | ${median(able).toFixed(2)} | ${Math.max(...able).toFixed(1)} | ${unable === 0 ? '' : unable} |`
  }
  return [
    '| rule | regret ≤ 1.10 | median | worst | can’t run it |',
    '|---|---|---|---|---|',
    row(
      '**choose()**',
      scored.map(({ regret }) => regret),
    ),
    ...rules.map(rule =>
      row(
        rule,
        scored.map(one => one.rules[rule]),
      ),
    ),
  ].join('\n')
}

/** What a word of confidence is worth: the chooser's own percentage, and how many were right. */
function confidenceTable(scored: readonly Scored[]): string {
  const rows = (['sure', 'likely', 'undecided'] as const).map(level => {
    const of = scored.filter(({ played }) => played.choice.confidence === level)
    if (of.length === 0) return `| ${level} | 0 | | |`
    const right = of.filter(one => one.right).length
    const { low, high } = intervalOfShare(right, of.length)
    const said = of.reduce((sum, { played }) => sum + played.choice.percent, 0) / of.length
    return `| ${level} | ${of.length} | ${said.toFixed(0)} % | ${right}: ${percent(right / of.length)} [${percent(low)}–${percent(high)}] |`
  })
  return ['| it says | functions | at the mean it says | right |', '|---|---|---|---|', ...rows].join('\n')
}

function table(scored: readonly Scored[]): string {
  return [
    '| function | chosen | confidence | predicted | right after | in turns | best | regret | plain loop | `auto()` | where it went |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...scored.map(({ played, chosenKey, bestKey, bestMs, regret, right, auto }) => {
      const { choice, forced } = played
      const loop = forced.find(({ key }) => key === 'plain loop')
      return `| ${played.name} | ${chosenKey} | ${choice.confidence}, ${choice.percent} % | ${ms(choice.ms.median)} | ${ms(played.nextMs ?? Number.NaN)} | ${ms(regret * bestMs)} | ${bestKey === chosenKey ? 'the same' : `${bestKey}, ${ms(bestMs)}`} | ${right ? regret.toFixed(2) : `**${regret.toFixed(2)}**`} | ${ms(median(loop?.samplesMs ?? []))} | ${auto.toFixed(2)} | ${played.autoTook} |`
    }),
  ].join('\n')
}

function missed(scored: readonly Scored[]): string {
  const wrong = scored.filter(one => !one.right)
  if (wrong.length === 0) return 'No choice was wrong.'
  return wrong
    .map(({ played, chosenKey, bestKey, regret }) => {
      const ways = played.choice.predictions
        .filter(({ vetoed }) => vetoed === undefined)
        .map(
          ({ way, concurrency, ms: predicted }) =>
            `${way}${concurrency === 1 ? '' : ` ${concurrency}`} ${ms(predicted.median)}`,
        )
      const took = played.forced
        .filter(({ samplesMs }) => samplesMs.length > 0)
        .map(({ key, samplesMs }) => `${key} ${ms(median(samplesMs))}`)
      return `- **${played.name}**: ${chosenKey} instead of ${bestKey}, ${regret.toFixed(2)} times as long. Predicted: ${ways.join(', ')}. Took: ${took.join(', ')}.`
    })
    .join('\n')
}

function errorOf(errors: readonly number[]): string {
  return `${percent(2 ** median(errors) - 1)} (${errors.length} predictions)`
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function ms(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${value.toPrecision(3)} ms`
}
