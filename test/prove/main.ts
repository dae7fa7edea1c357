/** Runs the locks of src/sync/ in every order of small programs, and finds planted mistakes. */
import { commandOptions, refuse } from '../command-options.ts'
import { models } from './models.ts'
import { findVariant, proveModel, realLibrary } from './prove.ts'
import { variants } from './variants.ts'

const usage = `npm run prove -- [part of a name …] [options]

  part of a name   only what has all of these in its name
  --trace          the order in which each planted mistake shows`
const { values, positionals: words } = commandOptions(usage, {
  allowPositionals: true,
  options: { trace: { type: 'boolean', default: false } },
})
const shown = values.trace
const chosen = <T extends { readonly name: string }>(all: readonly T[]) =>
  all.filter(({ name }) => words.every(word => name.includes(word)))
if (chosen<{ readonly name: string }>([...models, ...variants]).length === 0)
  refuse(`No lock and no mistake has such a name: ${words.join(' ')}.`)

let failed = 0
const startedMs = performance.now()

async function attempt(name: string, run: () => Promise<string> | string): Promise<void> {
  const beganMs = performance.now()
  try {
    const said = await run()
    console.log(`  ✔ ${name}: ${said}, ${Math.round(performance.now() - beganMs)} ms`)
  } catch (error) {
    failed += 1
    console.error(`  ✘ ${error instanceof Error ? error.message : error}`)
  }
}

console.log('The locks, in every order:')
const library = await realLibrary()
for (const model of chosen(models))
  await attempt(model.name, () => {
    const { states } = proveModel(model, library)
    const bound = model.options?.preemptions
    return `${states} states, ${bound === undefined ? 'all orders' : `all orders of at most ${bound} pre-emptions`}`
  })

console.log('Planted mistakes, each found and played again:')
for (const variant of chosen(variants))
  await attempt(variant.name, async () => {
    const { model, kind, schedule, trace } = await findVariant(variant)
    if (shown) console.log(trace)
    return `${kind} in "${model.name}", ${schedule.length > 60 ? `${schedule.slice(0, 60)}…` : schedule}`
  })

console.log(
  `${failed === 0 ? 'All hold' : `${failed} failed`}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`,
)
process.exitCode = failed === 0 ? 0 : 1
