import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../runtime/simulate.ts'
import { sleep } from '../time/sleep.ts'
import { detached } from './detached.ts'
import { scope } from './scope.ts'

test('what is started detached goes on when the scope of whoever started it is cancelled', () =>
  simulate(async () => {
    let shared: Promise<string> | undefined
    const config = () => {
      shared ??= detached(() => sleep(50).then(() => 'config'))
      return shared
    }
    const first = scope(() => config(), { timeoutMs: 10, graceMs: 5 }).catch(error => error.code)
    const second = scope(() => config(), { timeoutMs: 1_000 })
    assert.deepEqual(await Promise.all([first, second]), ['ATONCE_UNRESPONSIVE', 'config'])
  }))
