/**
 * Tasks print, and the main program ends, or ends them, at once. What arrives is looked at by the
 * test.
 */
import { processes, task, threads, type WorkerOutput } from '../../../src/index.ts'

export const lines = task(import.meta, function lines(count: number): void {
  for (let n = 0; n < count; n += 1) console.log(`line ${n}`)
})

export const complain = task(import.meta, async function complain(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) console.error(`complaint ${n}`)
})

export const stuck = task(import.meta, function stuck(): void {
  for (let n = 0; n < 5; n += 1) console.log(`step ${n}`)
  for (;;);
})

export const flood = task(import.meta, async function flood(mebibytes: number): Promise<void> {
  const part = `${'x'.repeat(65_535)}\n`
  for (let n = 0; n < mebibytes * 16; n += 1)
    if (!process.stdout.write(part)) await new Promise(resolve => process.stdout.once('drain', resolve))
})

export const printAndExit = task(import.meta, function printAndExit(): void {
  console.log('the last line')
  process.exit(3)
})

if (import.meta.main) {
  const [, , model, scene] = process.argv
  const make = { threads, processes }[model as string] as typeof threads
  const pool = make({ workers: 1, graceMs: 50 })
  if (scene === 'order') {
    await pool.run(lines, 3)
    console.log('main has the result')
    await pool.map(lines, [1, 1], { chunk: 2 })
    console.log('main has the results')
  }
  if (scene === 'exit') {
    await pool.run(lines, 300)
    process.exit(0)
  }
  if (scene === 'taken') {
    const taken: WorkerOutput[] = []
    const other = make({ workers: 1, onOutput: output => taken.push(output) })
    await other.run(lines, 3)
    await other.run(complain, 1)
    await other.close()
    const text = (stream: string) =>
      taken
        .filter(output => output.stream === stream)
        .map(output => output.text)
        .join('')
    console.log(JSON.stringify([text('stdout'), text('stderr'), taken[0]?.worker.split(' ')[0]]))
  }
  if (scene === 'complaints') {
    await pool.run(complain, 3)
    console.error('main has the result')
    process.exit(0)
  }
  if (scene === 'killed')
    await pool
      .with({ runTimeoutMs: 1_000 })
      .run(stuck)
      .catch(error => console.log(error.name))
  if (scene === 'flood') await pool.run(flood, 6)
  if (scene === 'last') await pool.run(printAndExit).catch(error => console.log(error.name))
  await pool.close()
}
