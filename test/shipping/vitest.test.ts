/** Tasks run from a project whose tests vitest runs, in each of its pools. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Ended, Project } from './project.ts'
import { assertSurveyed, errorsSeenBy, seenBy, surveyFiles } from './survey.ts'

const imports = `
import { expect, test } from 'vitest'
import { describe, onEach, print, survey } from './survey.ts'
import { countPrimes } from './tasks.ts'
import { task } from 'atonce'
void [expect, describe, onEach, survey, countPrimes, task]
`

function vitest(project: Project, pool: string): Promise<Ended> {
  return project.run(['node_modules/vitest/vitest.mjs', 'run', `--pool=${pool}`, '--no-cache'])
}

suite('tasks under vitest', () => {
  for (const pool of ['threads', 'forks', 'vmThreads']) {
    test(`run in workers from an ordinary module in vitest's pool ${pool}`, async () => {
      using project = Project.with(
        {
          ...surveyFiles,
          'survey.test.ts': `${imports}
test('surveys', async () => {
  expect(countPrimes(0, 10)).toBe(4)
  print(await survey())
})`,
        },
        ['vitest'],
      )
      const ended = await vitest(project, pool)
      assert.match(ended.stdout, /Tests\s+1 passed/, ended.text)
      assertSurveyed(ended)
    })
  }

  for (const pool of ['threads', 'forks', 'vmThreads']) {
    test(`fail with the very error class that the test imports, in vitest's pool ${pool}`, async () => {
      using project = Project.with(
        {
          ...surveyFiles,
          'account.ts': `
import { task } from 'atonce'
export class Overdrawn extends Error { balance = -1 }
export const withdraw = task(import.meta, function withdraw() { throw new Overdrawn('too much') })`,
          'account.test.ts': `${imports}
import { Overdrawn, withdraw } from './account.ts'
test('fails', async () => print(await onEach(pool => pool.run(withdraw).catch(error => [error instanceof Overdrawn, error.balance]))))`,
        },
        ['vitest'],
      )
      const ended = await vitest(project, pool)
      assert.deepEqual(seenBy(ended), { threads: [true, -1], processes: [true, -1] }, ended.text)
    })
  }

  test('are refused in the test file itself, with the way out', async () => {
    using project = Project.with(
      {
        ...surveyFiles,
        'inside.test.ts': `${imports}
const inside = task(import.meta, function inside() {})
test('runs what is defined here', async () => print(await onEach(pool => pool.run(inside))))`,
      },
      ['vitest'],
    )
    for (const { name, code, message } of errorsSeenBy(await vitest(project, 'forks'))) {
      assert.equal(name, 'InvalidTaskError')
      assert.equal(code, 'ATONCE_INVALID_TASK')
      assert.match(message, /inside is defined in a test file \(.*inside\.test\.ts\)[\s\S]*module of its own/)
    }
  })
})
