/** The counter of a parallel loop, in every order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Schedule, type ScheduleKind, type Share, sharesOf } from '../parallel/schedule.ts'
import { explore } from './explorer/explore.ts'

for (const kind of ['dynamic', 'guided'] satisfies ScheduleKind[])
  test(`a ${kind} loop gives each step to one thread, in every order of two`, () => {
    const { failure, complete } = explore({
      threads() {
        const taken = new Int32Array(new SharedArrayBuffer(4))
        const schedule: Schedule = { kind, steps: 5, workers: 2, chunk: kind === 'dynamic' ? 2 : 1, taken }
        return [0, 1].map(worker => () => [...sharesOf(schedule, worker)])
      },
      check(ends) {
        const steps = ends
          .flatMap(({ value }) => value as Share[])
          .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at))
        assert.deepEqual(steps.sort(), [0, 1, 2, 3, 4])
      },
    })
    assert.equal(failure, undefined)
    assert.ok(complete)
  })
