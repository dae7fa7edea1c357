import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { atonce } from './fixtures/command.ts'
import { assertDocumented } from './fixtures/documented.ts'
import { complaintsAbout, lanesOf, type TraceFile } from './trace/fixtures/check.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-trace-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

interface Told {
  readonly schema: string
  readonly done: number
  readonly seen: number
  readonly kept: number
  readonly totalMs: number
  readonly runMs: number
  readonly wallMs: number
  readonly lost: readonly { readonly ms: number; readonly reason: string; readonly remedy: string }[]
  readonly criticalPath: readonly { readonly what: string; readonly ms: number }[]
}

/** Runs the command; its document, and the file it has written. */
async function traced(task: string, inputs: readonly number[], ...more: readonly string[]) {
  const path = join(folder, `${files++}.json`)
  const args = ['trace', `tasks.ts#${task}`, '--input', JSON.stringify(inputs), '-o', path, '--json', ...more]
  const { code, stdout, stderr } = await atonce(args)
  assert.deepEqual([code, stderr], [0, ''])
  const file = JSON.parse(readFileSync(path, 'utf8')) as TraceFile
  assert.deepEqual(complaintsAbout(file), [])
  const document = JSON.parse(stdout)
  assertDocumented(document, ['pid', 'script'])
  return { told: document as Told, file, lanes: lanesOf(file) }
}

const numbers = Array.from({ length: 12 }, (_, n) => n)

for (const [model, worker] of [
  ['threads', /^thread \d+$/],
  ['processes', /^process \d+ \(pid \d+\)$/],
] as const)
  test(`a run on ${model} has a lane for each worker, and an arrow to it and back for each call`, async () => {
    const { told, file, lanes } = await traced('square', numbers, '--on', model, '--workers', '2')
    assert.deepEqual([told.schema, told.done, told.kept], ['atonce.trace/1', numbers.length, told.seen])
    const own = lanes.find(({ name }) => name === 'this thread')
    const workers = lanes.filter(({ name }) => worker.test(name))
    assert.equal(lanes.length, 1 + workers.length)
    assert.ok(workers.length === 1 || workers.length === 2)
    for (const { pid, slices } of workers) {
      assert.equal(pid === own?.pid, model === 'threads')
      assert.ok(slices.some(({ name }) => name === 'start-up'))
    }
    const ran = workers.flatMap(({ slices }) => slices.filter(({ args }) => args?.outcome === 'done'))
    assert.equal(ran.length, told.seen)
    assert.equal(
      ran.reduce((sum, { args }) => sum + (args?.calls ?? 0), 0),
      numbers.length,
    )
    for (const { args } of ran) {
      const points = file.traceEvents.filter(({ cat, id }) => cat === 'arrow' && id === args?.id)
      assert.deepEqual(
        points.map(({ ph, tid }) => [ph, tid === own?.tid]),
        [
          ['s', true],
          ['t', false],
          ['f', true],
        ],
      )
    }
    assert.ok(told.runMs > 0 && told.runMs < told.totalMs)
    const path = told.criticalPath.reduce((sum, { ms }) => sum + ms, 0)
    assert.ok(Math.abs(path - told.wallMs) < 0.01, `${path} of ${told.wallMs} ms`)
    assert.ok(told.criticalPath.some(({ what }) => what === 'start-up'))
  })

test('arrows of nested calls begin and end in the call that made them', async () => {
  const { file, lanes, told } = await traced('squareEach', [1, 2, 3])
  const makers = lanes.flatMap(({ slices }) => slices.filter(({ name }) => name === 'squareEach'))
  const made = lanes.flatMap(({ slices }) => slices.filter(({ name }) => name === 'square'))
  assert.deepEqual([makers.length, made.length, told.seen], [3, 6, 9])
  for (const { args } of made) {
    const maker = makers.find(one => one.args?.id === args?.maker)
    assert.ok(maker !== undefined)
    const points = file.traceEvents.filter(({ cat, id }) => cat === 'arrow' && id === args?.id)
    for (const { ph, tid, ts = 0 } of points)
      if (ph !== 't') {
        assert.equal(tid, maker.tid)
        assert.ok(ts >= (maker.ts ?? 0) && ts <= (maker.ts ?? 0) + (maker.dur ?? 0))
      }
    assert.deepEqual(
      points.map(({ ph }) => ph),
      ['s', 't', 'f'],
    )
  }
})

test('of more calls than are kept the totals are exact, and the file says how many there were', async () => {
  const many = Array.from({ length: 300 }, (_, n) => n)
  const { told, file } = await traced('square', many, '--keep', '5', '--workers', '1')
  const kept = file.traceEvents.filter(({ cat }) => cat === 'call' || cat === 'chunk')
  assert.ok(told.seen > 5)
  assert.deepEqual([told.kept, kept.length, told.done], [5, 5, 300])
  const { seen, done } = file.otherData
  assert.deepEqual([seen, done], [told.seen, 300])
})

test('calls beside each other on this loop have lanes beside each other', async () => {
  const { lanes, told } = await traced('nap', [20, 20, 20], '--on', 'coroutines')
  assert.equal(told.done, 3)
  const own = lanes.filter(({ name }) => name.startsWith('coroutines'))
  assert.equal(own.length, 3)
  // On a machine that gives it no core, nothing of the time was waiting.
  for (const { reason } of told.lost) assert.match(reason, /^waiting: /)
})

test('what is printed names the file, what was lost and the path; a failed run is written, too', async () => {
  const path = join(folder, 'printed.json')
  const [report, picture] = [join(folder, 'trace.html'), join(folder, 'trace.svg')]
  const drawn = ['--report', report, '--picture', picture]
  const printed = await atonce(['trace', 'tasks.ts#square', '--input', '[1,2,3]', '-o', path, ...drawn])
  assert.equal(printed.code, 0)
  const page = readFileSync(report, 'utf8')
  assert.match(
    page,
    /^<!DOCTYPE html>.*since the beginning, (s|ms) →.*square( ×\d)? \(\.\/tasks\.ts:9\).*<\/html>\n$/s,
  )
  assert.match(page, /thread \d.*workers × time, (s|ms) →</s)
  assert.match(readFileSync(picture, 'utf8'), /^<svg(?!.*var\(--).*this thread.*<\/svg>\n$/s)
  assert.match(printed.stdout, /calls? or chunks?, all kept → .*printed\.json/)
  assert.match(printed.stdout, /Lost time.*\n {2}1\. .*Try: /)
  assert.match(printed.stdout, /longest path.*square.*\(\.\/tasks\.ts:9\)/s)
  const failed = await atonce(['trace', 'tasks.ts#failAt3', '--input', '[1,2,3]', '-o', path])
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /failAt3 failed on input 3 of 3: RangeError: three is too many/)
  const file = JSON.parse(readFileSync(path, 'utf8')) as TraceFile
  assert.deepEqual(complaintsAbout(file), [])
  assert.ok((file.otherData['failed'] as number) >= 1)
})
