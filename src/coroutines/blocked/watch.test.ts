/** Who blocks the event loop is named, and nobody else. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { task } from '../../task/task.ts'
import { coroutines } from '../coroutines.ts'
import { scope } from '../scope/scope.ts'
import { type LoopBlocked, watchLoop } from './watch.ts'

function spinFor(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

const busy = task(import.meta, function busy(ms: number): void {
  spinFor(ms)
})

/** Resolves with what is reported of `body`, which may have to wait until the watch has started. */
async function reported(body: () => Promise<unknown>): Promise<LoopBlocked> {
  let told: LoopBlocked | undefined
  using _watch = watchLoop({ longerThanMs: 100, report: blocked => (told ??= blocked) })
  for (let round = 0; round < 50 && told === undefined; round += 1) {
    await body()
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.ok(told)
  return told
}

test('a child that blocks the loop is named, with its line', { timeout: 60_000 }, async () => {
  const { who, stack, blockedMs } = await reported(() =>
    scope(
      async s => {
        await s.spawn(async () => spinFor(1_500), { name: 'parse' })
      },
      { name: 'load' },
    ),
  )
  assert.deepEqual(who, ['parse'])
  assert.match(stack.join('\n'), /spinFor \(file:.*watch\.test\.ts:\d+:\d+\)/)
  assert.ok(blockedMs >= 100)
})

test('a task that blocks the loop is named', { timeout: 60_000 }, async () => {
  const loop = coroutines()
  const { who } = await reported(async () => loop.run(busy, 1_500))
  await loop.close()
  assert.ok(who.some(name => name.includes('busy')))
})

test('a loop that turns is not reported', async () => {
  const told: LoopBlocked[] = []
  using _watch = watchLoop({ longerThanMs: 20_000, report: blocked => told.push(blocked) })
  for (let turn = 0; turn < 100; turn += 1) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(told, [])
})
