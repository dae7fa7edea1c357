import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runInThisContext } from 'node:vm'
import type { CallEndEvent, CallStartEvent } from '../trace.ts'
import { atonce } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'
import { withProgram } from './fixtures/program.ts'
import type { Asked } from './ps/conversation.ts'
import { recordElsewhere } from './trace/elsewhere.ts'
import { complaintsAbout, lanesOf, type TraceFile } from './trace/fixtures/check.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-trace-program-'))
after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'trace.json')
const call = {
  executor: 'mill',
  task: 'spin',
  module: 'file:///spin.ts',
  maker: undefined,
  traceparent: undefined,
  queueMs: 0,
}
const worker = { name: 'thread 1', pid: undefined, threadId: 1 }
const [starts, ends] = [channel('atonce.call.start'), channel('atonce.call.end')]

/** Evaluates here, in the global scope, as an inspector would. */
function asked(meanwhile: () => void | Promise<void>): Asked {
  return {
    evaluate: async expression => runInThisContext(expression),
    evaluateWithin: async () => await meanwhile(),
  }
}

test('a ring keeps the newest calls of a program; totals are exact, and afterwards nobody listens', async () => {
  const { recording, loop } = await recordElsewhere(
    asked(() => {
      for (let id = 1; id <= 100; id += 1) {
        const known = { ...call, id, worker, cameMs: id, beganMs: id }
        starts.publish(known satisfies CallStartEvent)
        ends.publish({
          ...known,
          outcome: 'done',
          runMs: 2,
          calls: 3,
          endedMs: id + 1,
        } satisfies CallEndEvent)
      }
      const before = { ...call, id: 101, worker: undefined, cameMs: undefined, beganMs: undefined }
      ends.publish({ ...before, outcome: 'failed', runMs: 9, calls: 1, endedMs: 102 } satisfies CallEndEvent)
    }),
    { keep: 7, forMs: 1 },
    new AbortController().signal,
  )
  assert.deepEqual(
    recording.calls.map(({ id }) => id),
    [94, 95, 96, 97, 98, 99, 100],
  )
  assert.deepEqual([recording.seen, recording.begunBefore], [101, 1])
  assert.deepEqual(recording.each, { done: 300, failed: 1, cancelled: 0 })
  assert.equal(recording.workers[0]?.runMs, 200)
  assert.ok(recording.calls.every(one => one.worker === recording.workers[0]))
  assert.ok(loop.active >= 0 && loop.idle >= 0)
  assert.deepEqual([starts.hasSubscribers, ends.hasSubscribers], [false, false])
})

test('a recording that is given up, or fails, leaves nobody to listen', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const given = recordElsewhere(
    asked(() => controller.abort(reason)),
    { keep: 7, forMs: 1 },
    controller.signal,
  )
  await assert.rejects(given, reason)
  const lost = asked(() => {
    assert.ok(starts.hasSubscribers)
    throw reason
  })
  await assert.rejects(recordElsewhere(lost, { keep: 7, forMs: 1 }, new AbortController().signal), reason)
  assert.equal(starts.hasSubscribers, false)
})

test('a program that runs is traced, without an end to it', { skip: process.platform === 'win32' }, () =>
  withProgram(['busy-program.ts', 'mill'], async program => {
    const args = ['trace', '--pid', String(program.pid), '--for', '300', '--keep', '5', '-o', path, '--json']
    for (;;) {
      const { code, stdout, stderr } = await atonce(args)
      assert.deepEqual([code, stderr], [0, ''])
      const told = JSON.parse(stdout)
      const file = JSON.parse(readFileSync(path, 'utf8')) as TraceFile
      assert.deepEqual(complaintsAbout(file), [])
      assert.deepEqual([told.schema, told.pid], ['atonce.trace/1', program.pid])
      assertDocumented(told, ['target', 'on', 'results'])
      // How much it does in that time is for the machine to say.
      if (told.seen <= 7) continue
      assert.equal(told.kept, 5)
      assert.ok(told.done > 0 && told.failed === 0 && told.begunBefore <= 2)
      const lanes = lanesOf(file)
      assert.ok(lanes.every(({ pid }) => pid === program.pid))
      const ran = lanes.flatMap(({ slices }) => slices.filter(({ name }) => name === 'spin'))
      assert.equal(ran.length, 5)
      break
    }
    assert.equal(program.exitCode, null)
  }),
)

test('what can’t be traced is told in a line', () =>
  withProgram(['no-atonce.ts'], async program => {
    for (const [args, line] of [
      [['--pid', String(program.pid)], /The program \d+ has made no scope and no executor of atonce yet/],
      [['--pid', '2147483646'], /There is no process 2147483646/],
      [['--pid', 'mill'], /trace --pid takes the number of a process, as [^;]+; it got "mill"/],
      [['--pid', '1', 'tasks.ts#square'], /listens to a program that runs; leave out tasks\.ts#square/],
      [['--pid', '1', '--input', '[1]'], /leave out --input/],
      [[], /takes a task, as [^,]+, or --pid with the number of a program/],
    ] as const) {
      const { code, stdout, stderr } = await atonce(['trace', '-o', join(folder, 'none.json'), ...args])
      assert.match(stderr, /^atonce: [^\n]+\n$/)
      assert.match(stderr, line)
      assert.deepEqual([code === 0, stdout], [false, ''])
    }
  }))
