import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { atonce } from './fixtures/command.ts'

describe('what the user’s code does is not taken for the command’s', { concurrency: 2 }, () => {
  test('a task that calls process.exit(0) on the command’s own thread fails the command', async () => {
    const { code, stdout, stderr } = await atonce([
      ...['run', 'tasks.ts#exits', '--input', '0', '--on', 'coroutines', '--json'],
    ])
    const { schema, exitCode, message } = JSON.parse(stdout)
    assert.deepEqual([schema, exitCode, code], ['atonce.error/1', 1, 1])
    assert.match(message, /^The task called process\.exit\(0\) on the command's own thread/)
    assert.match(
      stderr,
      /^atonce: The task called process\.exit\(0\) [^\n]+\n\s+at [^\n]+tasks\.ts:\d+:\d+\)\n$/,
    )
  })

  test('an expression that calls process.exit() does, too', async () => {
    const { code, stdout, stderr } = await atonce(['timeit', 'process.exit()'])
    assert.match(stderr, /^atonce: The code called process\.exit\(\) on the command's own thread/)
    assert.deepEqual([code, stdout], [1, ''])
  })

  test('what a task prints goes to standard error, so that --json is one document', async () => {
    const { stdout, stderr } = await atonce([
      ...['compare', 'tasks.ts#prints', '--input', '1', '--runs', '1', '--json'],
    ])
    const { rows } = JSON.parse(stdout).targets[0]
    assert.equal(rows.length, 4)
    for (const place of ['main', 'thread', 'process']) assert.match(stderr, new RegExp(`^on ${place}`, 'm'))
  })

  test('a result that has no JSON is told with its input and its place', async () => {
    const { code, stdout, stderr } = await atonce(['run', 'tasks.ts#holdItselfAt2', '--input', '[1,2]'])
    assert.deepEqual([code, stdout], [1, '{"next":{}}\n'])
    assert.equal(
      stderr,
      "atonce: The result of tasks.ts#holdItselfAt2 on input 2 of 2 can't be written as JSON: it holds itself, at result.next.first.\n",
    )
  })

  for (const model of ['coroutines', 'threads'])
    test(`a result that is a function fails the command on ${model}`, async () => {
      const run = ['run', 'tasks.ts#giveFunction', '--input', '[1]', '--on', model]
      const { code, stdout, stderr } = await atonce(run)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /^atonce: .*giveFunction.* on input 1 of 1.* is a function/)
    })
})
