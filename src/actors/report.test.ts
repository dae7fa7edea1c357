/** What a tree tells of failures that have gone by: when, and why. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { liveTree } from '../live/register.ts'
import { RestartLimitError } from './errors.ts'
import { Worker } from './fixtures/worker.ts'
import type { Ref } from './ref.ts'
import { type Supervisor, supervisor } from './supervisor.ts'

type W = Ref<InstanceType<typeof Worker>>

function start(tree: Supervisor, name: string): Promise<W> {
  return tree.start(Worker, [name], { name })
}

/** Lets a child fail; it is restarted then, or its supervisor has given up. */
async function fail(worker: W, why: string): Promise<void> {
  worker.tell.fail(why)
  await worker.ask.note('-').catch(() => {})
}

suite('the history of a child', () => {
  test('stands in the line of its tree with the last three, and has all that are kept for tools', async () => {
    await using tree = supervisor({ name: 'kiosk', maxRestarts: 9 })
    const worker = await start(tree, 'shelf')
    for (const why of ['dust', 'rust', 'mould', 'moth']) await fail(worker, why)
    const text = String(tree).replace(/\([\d.]+ m?s ago\)/g, '(just now)')
    const said = '4 restarts, last failure: moth (just now), before that: mould (just now), rust (just now)'
    assert.ok(text.endsWith(said), text)
    const [shelf] = liveTree().actors?.find(({ name }) => name === 'kiosk')?.inside ?? []
    assert.deepEqual(
      shelf?.failures?.map(({ error, method, at }) => [error, method, at === new Date(at).toISOString()]),
      ['dust', 'rust', 'mould', 'moth'].map(why => [why, 'fail', true]),
    )
  })

  test('is that of all children where they count together, when their supervisor gives up', async () => {
    const tree = supervisor({ strategy: 'one_for_all', maxRestarts: 1 })
    const [left, right] = [await start(tree, 'left'), await start(tree, 'right')]
    await fail(left, 'one')
    await fail(right, 'two')
    const { error } = await tree.ended
    assert.ok(error instanceof RestartLimitError)
    assert.deepEqual(
      error.history.map(({ actor, error: of }) => [actor, (of as Error).message]),
      [
        ['left', 'one'],
        ['right', 'two'],
      ],
    )
  })
})

test('a supervisor that gave up says so once, whoever gave up above it', () => {
  const limit = (child: string, maxRestarts: number, cause: unknown) =>
    new RestartLimitError(child, { maxRestarts, withinMs: 5_000 }, [], cause)
  const above = limit('tree', 1, limit('below', 0, limit('k', 3, new Error('k dies.'))))
  assert.equal(
    above.message,
    'tree failed more than once within 5000 ms, so its supervisor gave up: below failed, and its supervisor restarts nothing (maxRestarts: 0), ' +
      'so it gave up: k failed more than 3 times within 5000 ms, so its supervisor gave up: k dies. Mend the failure, or raise maxRestarts.',
  )
})
