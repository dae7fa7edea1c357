/** The tree of what runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveNode } from '../../live/tree.ts'
import { simulate } from '../../runtime/simulate.ts'
import { sleep } from '../time/sleep.ts'
import { liveScopes, scope } from './scope.ts'

test('live scopes are shown with their children, states and waits, and are gone when they are over', () =>
  simulate(async () => {
    const seen: string[][] = []
    const look = () => seen.push(liveScopes().flatMap(node => lines(node, '')))
    await scope(
      async s => {
        s.spawn(() => sleep(50), { name: 'sleeper' })
        s.spawn(() => scope(() => sleep(30), { name: 'inner' }), { name: 'parent' })
        const deaf = Promise.withResolvers<void>()
        const stubborn = s.spawn(() => deaf.promise, { name: 'stubborn' })
        await sleep(1)
        stubborn.cancel()
        look()
        deaf.resolve()
        s.spawn(
          async () => {
            await sleep(40)
            look()
          },
          { name: 'looker' },
        )
      },
      { name: 'outer' },
    )
    look()
    assert.deepEqual(seen, [
      [
        'scope outer: running',
        '  child sleeper: running, waits for 50 ms to pass',
        '  child parent: running, waits for inner to end',
        '    scope inner: running, waits for 30 ms to pass',
        '  child stubborn: cancelling',
      ],
      [
        'scope outer: closing',
        '  child sleeper: running, waits for 50 ms to pass',
        '  child looker: running',
      ],
      [],
    ])
  }))

function lines({ kind, name, state, waitsFor, inside }: LiveNode, indent: string): string[] {
  const waits = waitsFor.map(({ reason }) => `, waits for ${reason}`).join('')
  return [`${indent}${kind} ${name}: ${state}${waits}`, ...inside.flatMap(node => lines(node, `${indent}  `))]
}
