/** A worker that beats is alive; one that has stopped is given up after some five seconds. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { Heartbeat } from './heartbeat.ts'

class Control extends EventEmitter {
  kept = true
  unref(): void {
    this.kept = false
  }
  beat(beats = '.'): void {
    this.emit('data', Buffer.from(beats))
  }
}

/** Runs `body` with a heartbeat on a clock that the test moves. */
async function listening(
  body: (scene: {
    control: Control
    heartbeat: Heartbeat
    losses: () => number
    wholes: () => number
    virtual: VirtualRuntime
  }) => Promise<void>,
  starves: () => boolean = () => false,
): Promise<void> {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const control = new Control()
    let losses = 0
    let wholes = 0
    const heartbeat = new Heartbeat(
      control as unknown as Socket,
      () => {
        losses += 1
      },
      () => {
        wholes += 1
      },
      starves,
    )
    await body({ control, heartbeat, losses: () => losses, wholes: () => wholes, virtual })
  })
}

test('a worker that beats every second is not lost', () =>
  listening(async ({ control, heartbeat, losses, virtual }) => {
    heartbeat.begin()
    for (let second = 0; second < 60; second += 1) {
      control.beat()
      await virtual.advance(1_000)
    }
    assert.equal(losses(), 0)
  }))

test('a worker whose beats stay away is lost, once, after some five seconds', () =>
  listening(async ({ control, heartbeat, losses, virtual }) => {
    heartbeat.begin()
    control.beat()
    await virtual.advance(4_900)
    assert.equal(losses(), 0)
    await virtual.advance(2_000)
    assert.equal(losses(), 1)
    await virtual.advance(60_000)
    assert.equal(losses(), 1)
  }))

test('one that waits for a core has some thirty seconds, and less once it is seen to be stopped', async () => {
  await listening(
    async ({ heartbeat, losses, virtual }) => {
      heartbeat.begin()
      await virtual.advance(29_900)
      assert.equal(losses(), 0)
      await virtual.advance(2_000)
      assert.equal(losses(), 1)
    },
    () => true,
  )
  let starves = true
  await listening(
    async ({ heartbeat, losses, virtual }) => {
      heartbeat.begin()
      await virtual.advance(9_900)
      assert.equal(losses(), 0)
      starves = false
      await virtual.advance(1_000)
      assert.equal(losses(), 1)
    },
    () => starves,
  )
})

test('one beat is enough to be alive again', () =>
  listening(async ({ control, heartbeat, losses, virtual }) => {
    heartbeat.begin()
    for (let round = 0; round < 10; round += 1) {
      control.beat()
      await virtual.advance(4_900)
    }
    assert.equal(losses(), 0)
  }))

test('a worker that works and never beats is lost', () =>
  listening(async ({ heartbeat, losses, virtual }) => {
    heartbeat.begin()
    heartbeat.begin()
    await virtual.advance(60_000)
    assert.equal(losses(), 1)
  }))

test('a stopped heartbeat does not begin again', () =>
  listening(async ({ heartbeat, losses, virtual }) => {
    heartbeat.stop()
    heartbeat.begin()
    await virtual.advance(60_000)
    assert.deepEqual([losses(), virtual.timers], [0, 0])
  }))

test('until it has begun a worker is not missed: starting has a time limit of its own', () =>
  listening(async ({ losses, virtual }) => {
    await virtual.advance(60_000)
    assert.deepEqual([losses(), virtual.timers], [0, 0])
  }))

test('after stop nobody is lost, and no timer is left', () =>
  listening(async ({ control, heartbeat, losses, virtual }) => {
    heartbeat.begin()
    control.beat()
    await virtual.advance(3_000)
    heartbeat.stop()
    assert.equal(virtual.timers, 0)
    await virtual.advance(60_000)
    assert.equal(losses(), 0)
  }))

test('listening keeps no program alive, and a broken connection is not an error of its own', () =>
  listening(async ({ control, losses }) => {
    assert.equal(control.kept, false)
    control.emit('error', new Error('ECONNRESET'))
    assert.equal(losses(), 0)
  }))

test('a beat tells whether a part of a message waits in the worker', () =>
  listening(async ({ control, wholes }) => {
    control.beat()
    control.beat('..')
    assert.equal(wholes(), 2)
    control.beat(',')
    control.beat('.,')
    assert.equal(wholes(), 2)
  }))
