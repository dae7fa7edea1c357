import { type OutsideCase, workers } from '../case.ts'
import { program } from '../program.ts'
import { expect } from '../repeat.ts'

/**
 * What a command line tool does: everything is cold, and the first answer is what one waits for.
 */
export const cold: OutsideCase = {
  name: 'cold',
  title: 'from the start of a program to the first of two answers, one from each of two new workers',
  unit: 'ms',
  better: 'lower',
  cpuPer: 'run',
  rounds: 4,
  turnsPerRound: 2,
  plays: ({ name }) => !['raw-batch', 'raw-chunks'].includes(name) && !name.endsWith('chunked'),
  async observe(rival) {
    const started = performance.timeOrigin + performance.now()
    const { output, wallMs, busyMs, ...whole } = await program(rival, {
      node: [new URL('./cold-program.js', import.meta.url), rival.url ?? '', String(workers)],
      python: ['cold'],
    })
    const { firstAt, answers, ...told } = output as { firstAt: number; answers: unknown[]; cpuMs?: number }
    expect(answers.join(), '1,2', 'answers')
    const cpuMs = told.cpuMs ?? whole.cpuMs
    return {
      value: firstAt - started,
      cpuUs: cpuMs * 1_000,
      ownCores: cpuMs / wallMs,
      foreignCores: Math.max(0, busyMs - cpuMs) / wallMs,
    }
  },
}
