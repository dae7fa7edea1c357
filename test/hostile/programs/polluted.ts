/**
 * Puts options of Node's and of ours on Object.prototype; then every model must work as if they
 * were not there.
 */
import { coroutines, processes, threads } from '../../../src/index.ts'
import { same } from '../tasks.ts'

const gadget = ['--import=data:text/javascript,process.stdout.write("a gadget ran in a worker\\n")']
/** Several at a time: each group is one pool, and a worker that starts takes a while. */
const groups: readonly Readonly<Record<string, unknown>>[] = [
  {
    execArgv: gadget,
    argv: ['a gadget'],
    argv0: 'a gadget',
    stdin: true,
    uid: -5,
    workers: -1,
    timeoutMs: 0.001,
  },
  { eval: true, cwd: '/nowhere', timeout: 1, killSignal: 'SIGSTOP', retries: 5, graceMs: -1, ahead: -1 },
  { env: { NODE_OPTIONS: gadget[0] }, shell: '/bin/false', resourceLimits: { maxOldGenerationSizeMb: 1 } },
  { NODE_OPTIONS: gadget[0], maxOldGenerationSizeMb: 'many', permissions: {}, initialize: 'a gadget' },
  { once: true, capture: true, passive: true },
]

const [, , model] = process.argv
const make = { threads, processes, coroutines }[model as string] as typeof threads
for (const group of groups) {
  const names = Object.keys(group)
  for (const name of names)
    Object.defineProperty(Object.prototype, name, {
      value: group[name],
      configurable: true,
      enumerable: true,
      writable: true,
    })
  try {
    await using pool = make({})
    const [one, [two]] = await Promise.all([pool.run(same, 42), pool.map(same, [names[0]])])
    process.stdout.write(`${one} ${two}\n`)
  } catch (error) {
    process.stdout.write(`${names}: ${error}\n`)
  } finally {
    for (const name of names) delete (Object.prototype as Record<string, unknown>)[name]
  }
}
