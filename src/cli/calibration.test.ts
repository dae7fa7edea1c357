import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assumedCalibration } from '../choose/calibration.ts'
import { atonce } from './fixtures/command.ts'

const tasks = fileURLToPath(new URL('../choose/fixtures/tasks.ts', import.meta.url))

/** A command whose calibration is this file. */
async function withFile(text: string | undefined, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-doctor-'))
  const file = join(folder, 'calibration.json')
  try {
    if (text !== undefined) writeFileSync(file, text)
    return { file, ...(await atonce(args, { env: { ATONCE_CALIBRATION: file } })) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('doctor shows what concurrency costs beside Python’s, and that nothing was measured here', async () => {
  const { code, stdout } = await withFile(undefined, ['doctor'])
  assert.equal(code, 0)
  assert.match(stdout, /! calibration +none: figures are assumed\n +→ npx atonce calibrate/)
  for (const row of [
    'a call alone',
    'a call among many',
    '1 MiB copied',
    '1 MiB moved',
    'start of',
    'memory of',
  ])
    assert.match(stdout, new RegExp(`^${row}`, 'm'))
  assert.match(stdout, /145 µs/)
})

test('doctor and advise tell a broken calibration in one line, and go on without it', async () => {
  const doctor = await withFile('{', ['doctor', '--json'])
  assert.equal(doctor.code, 0)
  const { findings, calibration } = JSON.parse(doctor.stdout)
  const { state, found } = findings.find(({ name }: { name: string }) => name === 'calibration')
  assert.equal(state, 'warning')
  assert.ok(found.includes(doctor.file) && found.includes('not JSON') && !found.includes('\n'))
  assert.equal(calibration.measured, false)
  const advise = await withFile('{', ['advise', `${tasks}#isPrime`, '--input', '[5, 7]'])
  const lines = advise.stdout.split('\n').filter(line => line.includes(advise.file))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /not JSON/)
})

test('calibrate looks whether its file can be written before it measures', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-calibrate-'))
  try {
    const inFile = join(folder, 'file', 'x')
    const inNothing = join(folder, 'mistyped', 'x')
    writeFileSync(join(folder, 'file'), '')
    for (const [path, why] of [
      [inFile, 'a part of its path is not a folder'],
      [inNothing, 'there is no such folder'],
    ] as const) {
      const { code, stderr } = await atonce(['calibrate', '--force'], { env: { ATONCE_CALIBRATION: path } })
      const line = `atonce: ${path} can't be written: ${why}. Choose a folder that exists and is yours.\n`
      assert.deepEqual([code, stderr], [2, line])
    }
    assert.deepEqual(readdirSync(folder), ['file'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a calibration of another machine is told in one line, and not used', async () => {
  const foreign = JSON.stringify({ ...assumedCalibration(), measured: true, key: 'a Cray' })
  const { code, stdout, stderr, file } = await withFile(foreign, [
    'advise',
    `${tasks}#isPrime`,
    '--input',
    '[5, 7]',
  ])
  assert.deepEqual([code, stderr], [0, ''])
  const lines = stdout.split('\n').filter(line => line.includes(file))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /is of another machine or Node \(a Cray\)/)
})
