import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Linked, Running } from './running.ts'

interface Call extends Linked<Call> {
  readonly name: string
}

test('those that run are told oldest first, whoever of them has ended', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(
    (name): Call => ({ name, next: undefined, previous: undefined }),
  ) as [Call, Call, Call, Call]
  const running = new Running<Call>()
  const names = () => [...running].map(({ name }) => name).join('')
  for (const call of [a, b, c, d]) running.add(call)
  assert.deepEqual([names(), running.size], ['abcd', 4])
  running.remove(b)
  assert.deepEqual([names(), running.size], ['acd', 3])
  running.remove(a)
  running.remove(d)
  assert.deepEqual([names(), running.size], ['c', 1])
  running.add(b)
  running.remove(c)
  assert.deepEqual([names(), running.size], ['b', 1])
  running.remove(b)
  assert.deepEqual([names(), running.size], ['', 0])
})
