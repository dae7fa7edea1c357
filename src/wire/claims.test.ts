/**
 * Who has a call: the worker that begins it or the caller that takes it back, never both and never
 * nobody.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { beginClaim, claimMemory, claimWindow, giveClaim, recallClaim, wasBegun } from './claims.ts'

test('of begin and recall the first one succeeds, and only that one, however often they are tried', () => {
  fc.assert(
    fc.property(
      fc.nat(5_000),
      fc.array(fc.constantFrom('begin', 'recall'), { minLength: 1, maxLength: 6 }),
      (seq, tries) => {
        const claims = claimMemory()
        giveClaim(claims, seq)
        const won = tries.filter(kind => (kind === 'begin' ? beginClaim : recallClaim)(claims, seq))
        assert.deepEqual(won, tries.slice(0, 1))
        assert.equal(wasBegun(claims, seq), tries[0] === 'begin')
      },
    ),
  )
})

test('a call that was not given can be neither begun nor taken back', () => {
  const claims = claimMemory()
  for (const seq of [1, claimWindow - 1, claimWindow, 3 * claimWindow + 7]) {
    assert.equal(beginClaim(claims, seq), false)
    assert.equal(recallClaim(claims, seq), false)
    assert.equal(wasBegun(claims, seq), false)
  }
})

test('a word that has gone to a later call is nothing any more to the earlier one', () => {
  for (const end of [beginClaim, recallClaim]) {
    const claims = claimMemory()
    const [earlier, later] = [5, 5 + claimWindow]
    giveClaim(claims, earlier)
    end(claims, earlier)
    giveClaim(claims, later)
    assert.equal(beginClaim(claims, earlier), false)
    assert.equal(recallClaim(claims, earlier), false)
    assert.equal(wasBegun(claims, earlier), false)
    assert.ok(beginClaim(claims, later))
    assert.ok(wasBegun(claims, later))
    assert.equal(wasBegun(claims, earlier), false)
  }
})

test('calls next to each other have words of their own', () => {
  const claims = claimMemory()
  for (let seq = 1; seq <= claimWindow; seq += 1) giveClaim(claims, seq)
  for (let seq = 1; seq <= claimWindow; seq += 1)
    assert.ok((seq % 2 === 0 ? beginClaim : recallClaim)(claims, seq), `call ${seq}`)
  for (let seq = 1; seq <= claimWindow; seq += 1) assert.equal(wasBegun(claims, seq), seq % 2 === 0)
})

test('two threads that race for the same calls share them out: each call has one owner', async () => {
  const claims = claimMemory()
  const begun = new Int32Array(new SharedArrayBuffer(4 * claimWindow))
  const line = new Int32Array(new SharedArrayBuffer(8))
  for (let seq = 0; seq < claimWindow; seq += 1) giveClaim(claims, seq)
  const racer = new Worker(
    `const { workerData: { claims, begun, line, module } } = require('node:worker_threads')
     import(module).then(({ beginClaim }) => {
       Atomics.store(line, 0, 1)
       Atomics.notify(line, 0)
       Atomics.wait(line, 1, 0)
       for (let seq = 0; seq < begun.length; seq += 1) if (beginClaim(claims, seq)) begun[seq] = 1
     })`,
    {
      eval: true,
      workerData: { claims, begun, line, module: new URL('claims.ts', import.meta.url).href },
    },
  )
  const ended = new Promise(resolve => racer.once('exit', resolve))
  await Atomics.waitAsync(line, 0, 0).value
  Atomics.store(line, 1, 1)
  Atomics.notify(line, 1)
  const recalled = new Set<number>()
  for (let seq = claimWindow - 1; seq >= 0; seq -= 1) if (recallClaim(claims, seq)) recalled.add(seq)
  await ended
  for (let seq = 0; seq < claimWindow; seq += 1)
    assert.equal(begun[seq] === 1, !recalled.has(seq), `call ${seq}`)
})
