/**
 * Scopes. Every test runs under many schedules of virtual time; the names in brackets are the cases
 * of CPython's test_taskgroups and test_timeouts that it answers.
 */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { AbortError, ClosedError, OptionError, TimeoutError, UnresponsiveError } from '../../errors.ts'
import { everyoneParked, park } from '../../runtime/park.ts'
import { withRuntime } from '../../runtime/runtime.ts'
import { type Simulation, simulate } from '../../runtime/simulate.ts'
import { currentStrand } from '../../runtime/strand.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { CallContext, withContext } from '../../task/context.ts'
import { sleep } from '../time/sleep.ts'
import { outermostScopes, type Scope, scope } from './scope.ts'

/** Runs the body under many schedules, and afterwards nothing is left behind. */
function everySchedule(name: string, body: (simulation: Simulation) => Promise<void>): void {
  test(name, () =>
    simulate(
      async simulation => {
        await body(simulation)
        assert.deepEqual([simulation.timers, everyoneParked(), outermostScopes()], [0, [], []])
      },
      { seed: 1, runs: 30 },
    ),
  )
}

const forever = (): Promise<never> => sleep(Number.POSITIVE_INFINITY) as Promise<never>

async function caught(promise: Promise<unknown>): Promise<any> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail('it did not throw')
}

everySchedule('children run beside each other, and all have ended when the scope has', async time => {
  const ended: number[] = []
  const value = await scope(async s => {
    for (const ms of [30, 10, 20]) {
      s.spawn(async () => {
        await sleep(ms)
        ended.push(ms)
      })
    }
    return 'value'
  })
  assert.deepEqual([value, ended, time.now()], ['value', [10, 20, 30], 30])
})

everySchedule('a child is awaited for its result, before it has one and after', async () => {
  await scope(async s => {
    const one = s.spawn(async () => {
      await sleep(5)
      return 1
    })
    const two = s.spawn(() => 2 as const)
    const typed: [number, 2] = await Promise.all([one, two])
    assert.deepEqual([typed, await one, one.state, await two.then(n => n + 1)], [[1, 2], 1, 'done', 3])
  })
})

everySchedule('a child starts when the code that spawned it has ended, in that code’s context', async () => {
  const order: string[] = []
  await scope(s => {
    const child = s.spawn(() => order.push('child'))
    assert.equal(child.state, 'queued')
    order.push('body')
  })
  assert.deepEqual(order, ['body', 'child'])
})

everySchedule(
  'a failure cancels siblings and body, and is thrown as itself (test_cancel_children_on_child_error)',
  async () => {
    const failure = new Error('child failed')
    const ends: unknown[] = []
    let after = false
    const error = await caught(
      scope(async s => {
        const sibling = s.spawn(forever)
        s.spawn(async () => {
          await sleep(10)
          throw failure
        })
        await sibling.catch((reason: unknown) => ends.push(reason))
        await forever()
        after = true
      }),
    )
    assert.equal(error, failure)
    assert.equal(after, false)
    assert.ok(ends[0] instanceof AbortError)
    assert.equal(ends[0].cause, failure)
  },
)

everySchedule('several failures are all thrown, the first one first', async () => {
  const failures = [new Error('first'), new TypeError('second'), new Error('of the body')] as const
  const error = await caught(
    scope(async s => {
      s.spawn(async () => {
        await sleep(10)
        throw failures[0]
      })
      s.spawn(() => forever().finally(() => Promise.reject(failures[1])))
      await forever().catch(() => {})
      await scope(() => sleep(5), { shielded: true, timeoutMs: 100 })
      throw failures[2]
    }),
  )
  assert.ok(error instanceof AggregateError)
  assert.deepEqual(error.errors, failures)
  assert.match(error.message, /3 errors; the first: first/)
})

everySchedule('one error that comes out of a child and of those who await it is one error', async () => {
  const failure = new Error('of the child')
  const error = await caught(
    scope(async s => {
      const child = s.spawn(async () => {
        await sleep(1)
        throw failure
      })
      s.spawn(async () => await child)
      await child
    }),
  )
  assert.equal(error, failure)
})

everySchedule('an error thrown while being cancelled wins (test_taskgroup_08)', async () => {
  const control = new AbortController()
  const error = await caught(
    scope(
      async s => {
        s.spawn(() => forever().catch(() => Promise.reject(new RangeError('of the clean-up'))))
        s.spawn(async () => {
          await sleep(3)
          control.abort()
        })
        await forever()
      },
      { signal: control.signal },
    ),
  )
  assert.ok(error instanceof RangeError)
})

everySchedule(
  'cancellation from outside passes through, though the body swallows it (test_taskgroup_15)',
  async () => {
    const control = new AbortController()
    const reason = new Error('the user left')
    const error = await caught(
      scope(
        async s => {
          s.spawn(async () => {
            await sleep(3)
            control.abort(reason)
          })
          await forever().catch(() => {})
          return 'swallowed'
        },
        { signal: control.signal },
      ),
    )
    assert.equal(error, reason)
    assert.equal(getEventListeners(control.signal, 'abort').length, 0)
  },
)

everySchedule(
  'outside cancellation that meets a failure: the failure is thrown, the scope around still sees its own (test_error_and_cancel)',
  async () => {
    const [reason, failure] = [new Error('outside'), new Error('inside')]
    const control = new AbortController()
    let inner: unknown
    const error = await caught(
      scope(
        async s => {
          s.spawn(async () => {
            await sleep(2)
            control.abort(reason)
          })
          inner = await caught(scope(() => forever().catch(() => Promise.reject(failure))))
        },
        { signal: control.signal },
      ),
    )
    assert.deepEqual([inner, error], [failure, reason])
  },
)

everySchedule('a cancelled child is not a failure, and its siblings go on (test_taskgroup_03)', async () => {
  const value = await scope(async s => {
    const child = s.spawn(forever, { name: 'endless' })
    const queued = s.spawn(() => assert.fail('it was cancelled before it began'))
    const sibling = s.spawn(async () => {
      await sleep(5)
      return 'went on'
    })
    assert.ok(queued.cancel())
    await sleep(1)
    assert.ok(child.cancel('enough'))
    assert.ok(!child.cancel())
    assert.ok(!queued.cancel())
    const error = await caught(Promise.resolve(child))
    assert.ok(error instanceof AbortError)
    assert.deepEqual([error.cause, child.state, queued.state], ['enough', 'cancelled', 'cancelled'])
    return sibling
  })
  assert.equal(value, 'went on')
})

everySchedule('the outer scope cancels the inner one, to any depth (test_taskgroup_13)', async time => {
  const reason = new Error('all of it')
  const seen: unknown[] = []
  const control = new AbortController()
  const error = await caught(
    scope(
      s => {
        s.spawn(() =>
          scope(inner => {
            inner.spawn(() => scope(() => forever()).catch((why: unknown) => seen.push(why)))
          }),
        )
        s.spawn(async () => {
          await sleep(7)
          control.abort(reason)
        })
      },
      { signal: control.signal },
    ),
  )
  assert.deepEqual([error, seen, time.now()], [reason, [reason], 7])
})

everySchedule(
  'an inner failure is a failure of the outer scope, unless it is caught (test_taskgroup_14)',
  async () => {
    const failure = new Error('inner')
    const failing = () => scope(s => void s.spawn(() => Promise.reject(failure)))
    assert.equal(await caught(scope(s => void s.spawn(failing))), failure)
    assert.equal(await scope(() => failing().catch(() => 'caught')), 'caught')
  },
)

everySchedule(
  'after a failure nothing new starts, and spawn says why (no_create_task_after_failure)',
  async () => {
    const failure = new Error('the first')
    let refused: unknown
    await caught(
      scope(async s => {
        s.spawn(() => Promise.reject(failure))
        await forever().catch(() => {})
        refused = await caught((async () => s.spawn(() => assert.fail('it started')))())
      }),
    )
    assert.ok(refused instanceof AbortError)
    assert.match(refused.message, /was cancelled, so it can’t take child 2/)
    assert.equal((refused.cause as Error).cause, failure)
  },
)

everySchedule('spawn after the end throws (test_taskgroup_finished)', async () => {
  let leaked: Scope | undefined
  await scope(s => {
    leaked = s
  })
  assert.throws(() => leaked?.spawn(() => {}), ClosedError)
  assert.throws(() => leaked?.expireIn(5), ClosedError)
  leaked?.cancel()
})

everySchedule('a child may spawn while it runs, though the body has returned', async () => {
  const order: string[] = []
  await scope(s => {
    s.spawn(async () => {
      await sleep(1)
      s.spawn(() => order.push('grandchild'))
      order.push('child')
    })
  })
  assert.deepEqual(order, ['child', 'grandchild'])
})

everySchedule('past its deadline a scope throws a TimeoutError that says what still ran', async time => {
  const error = await caught(
    scope(
      async s => {
        s.spawn(forever, { name: 'the slow one' })
        await s.spawn(() => sleep(1))
        return 'in time'
      },
      { timeoutMs: 50, name: 'page' },
    ),
  )
  assert.ok(error instanceof TimeoutError)
  assert.deepEqual([error.timeoutMs, time.now()], [50, 50])
  assert.match(
    error.message,
    /^page did not end within 50 ms\. Still running: the slow one \(waits for Infinity ms/,
  )
})

everySchedule('a scope that ends in time leaves its deadline', async time => {
  assert.equal(await scope(() => sleep(49).then(() => 'in time'), { timeoutMs: 50 }), 'in time')
  assert.equal(time.timers, 0)
})

for (const [outerMs, innerMs] of [
  [10, 20],
  [20, 10],
  [10, 10],
] as const) {
  everySchedule(
    `of nested deadlines (${outerMs} around ${innerMs}) the earliest wins, a tie belongs to the outer scope`,
    async time => {
      let inner: unknown
      const outer = await caught(
        scope(
          async () => {
            inner = await caught(scope(forever, { timeoutMs: innerMs, name: 'inner' }))
            throw inner
          },
          { timeoutMs: outerMs, name: 'outer' },
        ),
      )
      assert.equal(time.now(), Math.min(outerMs, innerMs))
      assert.equal(outer, inner)
      assert.match(String(outer), innerMs < outerMs ? /: inner/ : /: outer/)
    },
  )
}

test('when the loop was busy past both deadlines, the time-out is the outer scope’s (test_nested_timeouts_loop_busy)', async () => {
  let busyMs = 0
  class Busy extends VirtualRuntime {
    override now(): number {
      return super.now() + busyMs
    }
  }
  const busy = new Busy()
  for (const [outerMs, innerMs] of [
    [20, 10],
    [10, 20],
  ] as const) {
    busyMs = 0
    const error = await busy.until(
      withRuntime(busy, () => {
        const outer = scope(() => scope(forever, { timeoutMs: innerMs, name: 'inner' }), {
          timeoutMs: outerMs,
          name: 'outer',
        })
        busyMs = 100
        return caught(outer)
      }),
    )
    assert.match(String(error), /outer did not end/)
    assert.equal(busy.timers, 0)
  }
})

everySchedule(
  'a foreign exception at the moment of the time-out is thrown (test_foreign_exception_on_timeout)',
  async () => {
    const foreign = new RangeError('foreign')
    const error = await caught(
      scope(() => forever().finally(() => Promise.reject(foreign)), { timeoutMs: 5 }),
    )
    assert.equal(error, foreign)
  },
)

everySchedule(
  'a foreign cancel before the time is up is no time-out (test_foreign_cancel_doesnt_timeout_if_not_expired)',
  async () => {
    const reason = new Error('foreign')
    const control = new AbortController()
    const error = await caught(
      scope(
        async s => {
          await scope(
            async () => {
              control.abort(reason)
              await sleep(1)
            },
            { timeoutMs: 100 },
          )
          s.spawn(() => {})
        },
        { signal: control.signal },
      ),
    )
    assert.equal(error, reason)
  },
)

everySchedule(
  'an inner time-out does not cancel what is around (test_outer_task_is_not_cancelled)',
  async time => {
    await scope(async s => {
      assert.ok((await caught(scope(forever, { timeoutMs: 5 }))) instanceof TimeoutError)
      assert.equal(s.signal.aborted, false)
      await sleep(5)
    })
    assert.equal(time.now(), 10)
  },
)

everySchedule('a deadline can be set anew, and taken away (test_reschedule)', async time => {
  await scope(
    async s => {
      await sleep(8)
      s.expireIn(10)
      await sleep(8)
      s.expireIn(Number.POSITIVE_INFINITY)
      await sleep(1_000)
      s.expireIn(5)
      assert.ok((await caught(forever())) instanceof TimeoutError)
    },
    { timeoutMs: 10 },
  ).catch(error => assert.ok(error instanceof TimeoutError))
  assert.equal(time.now(), 1_021)
})

everySchedule(
  'cancel ends the children; a body that returns keeps its value, one that waits is cancelled',
  async () => {
    const value = await scope(s => {
      s.spawn(forever)
      s.cancel()
      return 'value'
    })
    assert.equal(value, 'value')
    const error = await caught(
      scope(async s => {
        s.cancel('enough')
        await forever()
      }),
    )
    assert.ok(error instanceof AbortError)
    assert.equal(error.cause, 'enough')
  },
)

everySchedule(
  'a shielded scope finishes its clean-up inside of a cancelled one, within its time',
  async time => {
    const control = new AbortController()
    const reason = new Error('stop')
    const cleaned: number[] = []
    const cleanUp = async (ms: number) => {
      await sleep(ms)
      cleaned.push(time.now())
    }
    const error = await caught(
      scope(
        async s => {
          s.spawn(async () => {
            await sleep(5)
            control.abort(reason)
          })
          await forever().finally(() => scope(() => cleanUp(10), { shielded: true, timeoutMs: 20 }))
        },
        { signal: control.signal },
      ),
    )
    assert.deepEqual([error, cleaned, time.now()], [reason, [15], 15])
    const late = await caught(scope(() => cleanUp(30), { shielded: true, timeoutMs: 20 }))
    assert.ok(late instanceof TimeoutError)
    assert.deepEqual([cleaned, time.now()], [[15], 35])
  },
)

everySchedule('a shielded scope’s own deadline holds when the one around has passed', async time => {
  const error = await caught(
    scope(
      () => forever().finally(() => scope(forever, { shielded: true, timeoutMs: 20, name: 'clean-up' })),
      { timeoutMs: 10, name: 'outer' },
    ),
  )
  assert.match(String(error), /clean-up did not end within 20 ms/)
  assert.equal(time.now(), 30)
})

everySchedule('what has ended is held by nobody around it', async () => {
  await scope(async s => {
    await scope(() => sleep(1))
    await sleep(1)
    await s.spawn(() => scope(() => {}))
    assert.deepEqual(currentStrand()?.held, [])
  })
})

everySchedule('an AbortError in a child that nobody cancelled is a failure', async () => {
  const own = AbortSignal.abort()
  const error = await caught(scope(s => void s.spawn(() => sleep(5, { signal: own }))))
  assert.equal(error, own.reason)
  assert.equal(error.name, 'AbortError')
})

everySchedule('a scope inside of a cancelled one does not begin', async () => {
  const reason = new Error('stop')
  const error = await caught(
    scope(async s => {
      s.cancel(reason)
      await scope(() => assert.fail('it began'))
    }),
  )
  assert.equal(error.cause, reason)
})

everySchedule('a task’s cancellation reaches the scopes and waits inside of it', async () => {
  const call = new CallContext(1, 'main', { report() {}, pollCancelled: () => false })
  const reason = new Error('cancelled call')
  const running = withContext(call, () => scope(s => void s.spawn(forever)))
  const refused = caught(running)
  await sleep(1)
  call.cancel(reason)
  assert.equal(await refused, reason)
})

everySchedule('a wait of atonce ends with its child, a signal that it was given ends it too', async () => {
  const control = new AbortController()
  const seen: unknown[] = []
  await scope(async s => {
    const child = s.spawn(() => park('nothing', {}, {}).promise)
    const other = s.spawn(() => sleep(100, { signal: control.signal }).catch(why => seen.push(why)))
    await sleep(1)
    control.abort('by its signal')
    await other
    child.cancel()
  })
  assert.deepEqual(seen, ['by its signal'])
})

test('a thousand that sleep beside each other take as long as one, and start in order', () =>
  simulate(
    async time => {
      const started: number[] = []
      await scope(s => {
        for (let at = 0; at < 1_000; at += 1) {
          s.spawn(async () => {
            started.push(at)
            await sleep(50)
          })
        }
      })
      assert.ok(started.every((value, at) => value === at))
      assert.deepEqual([started.length, time.now()], [1_000, 50])
    },
    { schedule: 'fifo' },
  ))

test('each child starts in the context of the code that spawned it', async () => {
  const request = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  await scope(s => {
    for (const id of ['a', 'b']) {
      request.run(id, () => s.spawn(async () => [null, await null, seen.push([id, request.getStore()])]))
    }
  })
  assert.deepEqual(seen, [
    ['a', 'a'],
    ['b', 'b'],
  ])
})

test('what a child leaves behind unawaited is not a unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  try {
    const failure = new Error('of a child')
    const error = await caught(
      scope(async s => {
        const child = s.spawn(() => Promise.reject(failure))
        void child.then(() => {})
        const cancelled = s.spawn(() => new Promise((_, reject) => currentStrand() && reject(failure)))
        void cancelled.then(() => {})
        await null
      }),
    )
    assert.equal(error, failure)
    await new Promise<void>(resolve => setImmediate(resolve))
    assert.deepEqual(unhandled, [])
  } finally {
    process.off('unhandledRejection', note)
  }
})

test('a child that ignores its signal is reported while the scope waits, and named when the wait ends', async t => {
  const warned = t.mock.method(process, 'emitWarning', () => {})
  const published: unknown[] = []
  const listener = (event: unknown) => published.push(event)
  subscribe('atonce.scope.unresponsive', listener)
  t.after(() => unsubscribe('atonce.scope.unresponsive', listener))
  await simulate(
    async time => {
      const control = new AbortController()
      const deaf = Promise.withResolvers<void>()
      const error = await caught(
        scope(
          s => {
            s.spawn(() => deaf.promise, { name: 'deaf' })
            s.spawn(() => forever(), { name: 'obedient' })
            s.spawn(async () => {
              await sleep(1)
              control.abort(new Error('stop'))
            })
          },
          { signal: control.signal, graceMs: 100, name: 'house' },
        ),
      )
      assert.ok(error instanceof UnresponsiveError)
      assert.deepEqual(
        [error.children, error.scope, error.graceMs, time.now()],
        [['deaf'], 'house', 100, 101],
      )
      assert.match(String(error.cause), /stop/)
      assert.deepEqual([time.timers, outermostScopes()], [0, []])
      assert.match(
        String(warned.mock.calls.at(-1)?.arguments[0]),
        /^house was cancelled 50 ms ago and waits for what has not stopped: deaf\./,
      )
      assert.deepEqual(published.splice(0), [{ scope: 'house', children: ['deaf'], sinceMs: 50 }])
      deaf.reject(new Error('too late'))
      await sleep(1)
      assert.match(String(warned.mock.calls.at(-1)?.arguments[0]), /deaf of house failed after .*too late/)
    },
    { seed: 1, runs: 5 },
  )
})

test('bad input throws at the call', async () => {
  const refused = (call: () => unknown) => assert.throws(call, OptionError)
  for (const ms of [-1, Number.NaN, '5' as never]) {
    refused(() => scope(() => {}, { timeoutMs: ms }))
    refused(() => scope(() => {}, { graceMs: ms }))
  }
  refused(() => scope('body' as never))
  refused(() => scope(() => {}, { signal: {} as never }))
  refused(() => scope(() => {}, { shielded: true }))
  await scope(s => {
    refused(() => s.spawn(Promise.resolve() as never))
    refused(() => s.spawn(undefined as never))
    refused(() => s.expireIn(-5))
  })
})

test('a signal that has aborted already refuses at once, with its reason', async () => {
  const signal = AbortSignal.abort('too late')
  assert.equal(await caught(scope(() => assert.fail('it began'), { signal })), 'too late')
})

test('the context does not leak out of a scope or a child', async () => {
  await scope(s => {
    s.spawn(async () => {
      assert.equal(currentStrand()?.name, 'child 1')
      await null
      assert.equal(currentStrand()?.name, 'child 1')
    })
    assert.match(currentStrand()?.name ?? '', /^scope/)
  })
  assert.equal(currentStrand(), undefined)
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.equal(currentStrand(), undefined)
})
