/**
 * Tasks under a development server, which evaluates a module anew after each edit, in the same
 * program.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Project } from './project.ts'
import { seenBy, surveyFiles } from './survey.ts'

const tasks = (value: number) => `
import { task } from 'atonce'
export const one = task(import.meta, function one(): number { return ${value} })
export const other = task(import.meta, function other(): string { return 'value ${value}' })
`

suite('tasks under the development server of vite', () => {
  test('run as they were edited: each edit gets fresh workers, and what was loaded before is refused', async () => {
    using project = Project.with(
      {
        ...surveyFiles,
        'use.ts': tasks(1),
        'main.mjs': `
import { writeFileSync } from 'node:fs'
import { processes, threads } from 'atonce'
import { createServer } from 'vite'
const server = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server: { middlewareMode: true, watch: null } })
const seen = {}
for (const make of [threads, processes]) {
  writeFileSync('use.ts', ${JSON.stringify(tasks(1))})
  server.moduleGraph.invalidateAll()
  const pool = make({ workers: 1 })
  const before = await server.ssrLoadModule('/use.ts')
  const answers = [await pool.run(before.one), await pool.run(before.other)]
  for (const text of [${JSON.stringify(tasks(20))}, ${JSON.stringify(tasks(300))}]) {
    writeFileSync('use.ts', text)
    server.moduleGraph.invalidateAll()
    const after = await server.ssrLoadModule('/use.ts')
    answers.push(await pool.run(after.one), await pool.run(after.other))
  }
  answers.push(await pool.run(before.one).catch(error => error.code))
  seen[make.name] = answers
  await pool.close()
}
await server.close()
console.log('seen: ' + JSON.stringify(seen))`,
      },
      ['vite'],
    )
    const ended = await project.run(['main.mjs'])
    const right = [1, 'value 1', 20, 'value 20', 300, 'value 300', 'ATONCE_TASK_VERSION']
    assert.deepEqual(seenBy(ended), { threads: right, processes: right }, ended.text)
  })
})
