import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fingerprint } from '../fingerprint.ts'
import { decodePng, encodePng } from '../png/codec.ts'
import { blurPlane, blurRows } from './box-blur.ts'
import { drawPicture, readPicture } from './pictures.ts'
import { runWays } from './ways.ts'

test('one bright pixel is spread over 25, and an edge goes on beyond itself', () => {
  const plane = new Uint8Array(7 * 7)
  plane[3 * 7 + 3] = 250
  const blurred = blurPlane(plane, 7, 7)
  assert.equal(blurred.filter(byte => byte === 10).length, 25)
  plane.fill(0)[0] = 250
  assert.equal(blurPlane(plane, 7, 7)[0], 90) // 9 of the 25 are the corner itself.
  assert.deepEqual(blurPlane(new Uint8Array(9).fill(255), 3, 3), new Uint8Array(9).fill(255))
})

test('bands of rows give the same bytes as the whole plane', () => {
  const [plane] = drawPicture(0).planes as [Uint8Array]
  const out = new Uint8Array(plane.length)
  for (const [from, to] of [
    [0, 1],
    [1, 500],
    [500, 768],
  ] as const)
    blurRows(from, to, plane, out, 1_024, 768)
  assert.deepEqual(out, blurPlane(plane, 1_024, 768))
})

test('a blurred plane has the known bytes', () => {
  const [plane] = drawPicture(0).planes as [Uint8Array]
  assert.equal(fingerprint(blurPlane(plane, 1_024, 768)), 'ecbce3f088fe13b5') // By NumPy.
})

// The kernel does eight pixels at once: the width is not a multiple of eight.
test('copied, moved, shared, on the memory of a kernel or by sharp, a blurred picture has the known bytes', {
  timeout: 60_000,
}, async () => {
  const { tried, leftOut, blurred } = await runWays([drawPicture(0, { width: 133, height: 97 })], 2, 0)
  const bySharp = leftOut === undefined ? ['sharp, one by one', 'sharp', 'sharp on threads'] : []
  assert.deepEqual(
    tried.map(({ name }) => name),
    ['serial', 'copied', 'moved', 'shared', 'kernel', ...bySharp],
  )
  // By NumPy.
  assert.deepEqual(
    blurred[0]?.planes.map(plane => fingerprint(plane)),
    ['dcbc5ba0a10d0b25', 'f5677372c1038986', 'ca6384e96d6627ec'],
  )
})

test('a picture that is written as PNG is read as it was, with one to four planes', () => {
  for (const channels of [1, 2, 3, 4]) {
    const planes = Array.from({ length: channels }, (_, nth) =>
      Uint8Array.from({ length: 12 }, (_, at) => at * 20 + nth),
    )
    assert.deepEqual(decodePng(encodePng({ width: 4, height: 3, planes })), { width: 4, height: 3, planes })
  }
})

test('a file that is not a picture is refused by its name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-images-'))
  try {
    const file = join(folder, 'letter.png')
    writeFileSync(file, 'Dear sir')
    assert.throws(() => readPicture(file), /letter\.png can't be read as a picture/)
    assert.throws(() => readPicture(join(folder, 'none.png')), /none\.png can't be read as a picture: ENOENT/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
