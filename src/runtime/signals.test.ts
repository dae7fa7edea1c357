import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { park } from './park.ts'
import { offAbort, onAbort } from './signals.ts'

test('however many listen to a signal, it has one listener, and none once they have left', () => {
  const { signal } = new AbortController()
  const listeners = Array.from({ length: 1_000 }, () => () => {})
  for (const listener of listeners) onAbort(signal, listener)
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  for (const listener of listeners) offAbort(signal, listener)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  onAbort(signal, () => {})
  assert.equal(getEventListeners(signal, 'abort').length, 1)
})

test('an abort tells each who still listens, in order, once', () => {
  const control = new AbortController()
  const told: number[] = []
  const third = () => told.push(3)
  onAbort(control.signal, () => {
    told.push(1)
    offAbort(control.signal, third)
  })
  onAbort(control.signal, () => told.push(2))
  onAbort(control.signal, third)
  control.abort()
  assert.deepEqual(told, [1, 2])
  assert.equal(getEventListeners(control.signal, 'abort').length, 0)
})

test('a thousand waits with one signal put one listener on it', async () => {
  const control = new AbortController()
  const waits = Array.from({ length: 1_000 }, () => park('a test', control, { signal: control.signal }))
  assert.equal(getEventListeners(control.signal, 'abort').length, 1)
  control.abort(new Error('enough'))
  assert.ok(
    (await Promise.allSettled(waits.map(({ promise }) => promise))).every(
      ({ status }) => status === 'rejected',
    ),
  )
})
