import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDisturbed, machineBusyMs } from './machine-load.ts'

test('the machine is never busy for less time than before', () => {
  const before = machineBusyMs()
  assert.ok(before > 0)
  assert.ok(machineBusyMs() >= before)
})

test('others disturb only when they take more than a little and no core is left over', () => {
  assert.equal(isDisturbed({ ownCores: 1, foreignCores: 0.1, cores: 1 }), false)
  assert.equal(isDisturbed({ ownCores: 1, foreignCores: 1, cores: 8 }), false)
  assert.equal(isDisturbed({ ownCores: 1.9, foreignCores: 0.5, cores: 2 }), true)
})
