import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { threads } from '../../src/index.ts'
import { drawPicture } from '../images/pictures.ts'
import { decodePng, encodePng } from '../png/codec.ts'
import { findSharp } from '../sharp.ts'
import { sharpWays } from './by-sharp.ts'
import { shrink } from './shrink.ts'
import { picturesIn, prepareOut, ways } from './thumbnails.ts'

const folder = mkdtempSync(join(tmpdir(), 'atonce-thumbnails-'))
const photos = join(folder, 'photos')

before(() => {
  mkdirSync(photos)
  for (let nth = 0; nth < 5; nth += 1) {
    const picture = drawPicture(nth, { width: 100 + 60 * nth, height: 200 })
    writeFileSync(join(photos, `${nth}.png`), encodePng(picture))
  }
  writeFileSync(join(photos, 'broken.png'), 'no picture')
  writeFileSync(join(photos, 'letter.txt'), 'no picture either')
})
after(() => rmSync(folder, { recursive: true }))

test('a pixel of the thumbnail is the mean of those that it stands for', () => {
  const plane = Uint8Array.of(0, 10, 100, 100, 20, 31, 100, 104)
  assert.deepEqual(shrink({ width: 4, height: 2, planes: [plane] }, 2), {
    width: 2,
    height: 1,
    planes: [Uint8Array.of(15, 101)],
  })
})

test('a picture keeps its shape, at least one pixel, and is never made larger', () => {
  const sizeOf = (width: number, height: number) => {
    const { width: w, height: h } = shrink({ width, height, planes: [new Uint8Array(width * height)] }, 64)
    return [w, h]
  }
  assert.deepEqual(sizeOf(1_600, 1_200), [64, 48])
  assert.deepEqual(sizeOf(1_000, 2), [64, 1])
  assert.deepEqual(sizeOf(10, 20), [10, 20])
})

test('every way makes the same thumbnails, and goes on after a file that is not a picture', {
  timeout: 60_000,
}, async () => {
  await using pool = threads({ workers: 2 })
  const paths = picturesIn(photos)
  const expected = paths
    .slice(0, 5)
    .map(path => Buffer.from(encodePng(shrink(decodePng(readFileSync(path)), 64))))
  for (const [name, way] of Object.entries(ways)) {
    const out = join(folder, name)
    prepareOut(photos, out)
    const made = (await Array.fromAsync(way(paths, { out, side: 64 }, pool))).toSorted((a, b) =>
      a.file.localeCompare(b.file),
    )
    assert.deepEqual(
      made.map(({ file, size }) => [file, size]),
      [
        ['0.png', '32 × 64'],
        ['1.png', '51 × 64'],
        ['2.png', '64 × 58'],
        ['3.png', '64 × 46'],
        ['4.png', '64 × 38'],
        ['broken.png', undefined],
      ],
    )
    assert.match(made[5]?.refused ?? '', /signature/i)
    assert.deepEqual(
      readdirSync(out)
        .sort()
        .map(file => readFileSync(join(out, file))),
      expected,
      name,
    )
  }
})

test('sharp makes thumbnails of the same sizes, as bright on the whole, here and on threads', {
  timeout: 60_000,
}, async t => {
  const sharp = await findSharp()
  if (sharp === undefined) return t.skip('sharp is not installed')
  await using pool = threads({ workers: 2 })
  for (const [name, way] of Object.entries(sharpWays(sharp))) {
    const out = join(folder, name)
    prepareOut(photos, out)
    const made = await Array.fromAsync(way(picturesIn(photos), { out, side: 64 }, pool))
    assert.deepEqual(
      made.filter(({ refused }) => refused !== undefined).map(({ file }) => file),
      ['broken.png'],
    )
    for (let nth = 0; nth < 5; nth += 1) {
      const own = shrink(decodePng(readFileSync(join(photos, `${nth}.png`))), 64)
      const its = decodePng(readFileSync(join(out, `${nth}.png`)))
      assert.deepEqual([its.width, its.height], [own.width, own.height])
      const [ownMean, itsMean] = [own, its].map(({ planes: [plane] }) => meanOf(plane as Uint8Array))
      assert.ok(Math.abs((ownMean as number) - (itsMean as number)) < 3, `${name}: ${ownMean}, ${itsMean}`)
    }
  }
})

function meanOf(plane: Uint8Array): number {
  return plane.reduce((sum, byte) => sum + byte, 0) / plane.length
}

test('whoever has seen enough after one file can leave, on every way', { timeout: 60_000 }, async () => {
  await using pool = threads({ workers: 2 })
  const out = join(folder, 'left')
  prepareOut(photos, out)
  // More than the channels hold, so that workers are in the middle of it.
  const paths = Array.from({ length: 10 }, () => picturesIn(photos)).flat()
  for (const way of Object.values(ways)) {
    const seen: string[] = []
    for await (const { file } of way(paths, { out, side: 8 }, pool)) {
      seen.push(file)
      break
    }
    assert.equal(seen.length, 1)
  }
})

test('where workers fail, the loop gets their error', { timeout: 60_000 }, async () => {
  const pool = threads({ workers: 2 })
  await pool.close()
  for (const way of [ways.map, ways.channel, ways.completed])
    await assert.rejects(Array.fromAsync(way(picturesIn(photos), { out: folder, side: 8 }, pool)), {
      code: 'ATONCE_CLOSED',
    })
})

test('thumbnails do not replace their pictures', () => {
  assert.throws(() => prepareOut(photos, join(photos, '..', 'photos')), /Name another folder/)
})
