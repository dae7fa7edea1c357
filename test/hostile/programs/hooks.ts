/**
 * A program whose hooks make something else of stacks and frozen prototypes; prints what the calls
 * come to.
 */
import { coroutines, processes, threads } from '../../../src/index.ts'
import { fail, same, step } from '../tasks.ts'

const hooks: Readonly<Record<string, typeof Error.prepareStackTrace>> = {
  sites: (_, sites) => sites,
  number: () => 5,
  throws() {
    throw new RangeError('a broken hook')
  },
}

const [, , model] = process.argv
const make = { threads, processes, coroutines }[model as string] as typeof threads
await using pool = make(model === 'coroutines' ? {} : { workers: 1 })
for (const [name, hook] of Object.entries(hooks)) {
  Error.prepareStackTrace = hook as never
  const told = await pool.run(fail).catch(error => `${error.name} ${error.message}`)
  process.stdout.write(`${name}: ${told}\n`)
}
Error.prepareStackTrace = undefined as never
await pool.run(step, 1).onProgress(() => process.stdout.write('progress: told\n'))
Object.freeze(Object.prototype)
const frozen = JSON.stringify(await pool.run(same, JSON.parse('{"constructor":"Acme","valueOf":[1]}')))
process.stdout.write(`frozen: ${frozen}\n`)
const { crashes } = pool.stats()
process.stdout.write(`crashes: ${crashes}\n`)
