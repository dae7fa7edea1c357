import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { coroutines, threads } from '../../src/index.ts'
import { filesIn } from '../kept-files.ts'
import { digestOf } from './digest.ts'
import { fileBytes, foldersOf, randomFiles } from './files.ts'
import { findByDigest } from './pipeline.ts'
import { hashDetect } from './workload.ts'

const folders = foldersOf(100)

test('the files are those that Python draws', () => {
  const [first] = randomFiles()
  assert.equal(first?.length, fileBytes)
  assert.equal(hash('md5', first ?? ''), 'f178a6960a05f4b834fb1c1be50abcef')
  const digests = folders.flatMap(filesIn).map(digestOf)
  assert.equal(digests.length, 100)
  assert.equal(hash('md5', digests.join('')), '2cc6bfc0f0e75a148dfea79085cb8fa2')
})

test('a file is found wherever it is, and the search stops there', async () => {
  await using pool = coroutines()
  const paths = folders.flatMap(filesIn)
  for (const at of [0, 49, 99]) {
    let checked = 0
    const found = await findByDigest(folders, digestOf(paths[at] as string), pool, () => {
      checked += 1
    })
    assert.equal(found, paths[at])
    if (at === 0) assert.ok(checked < 20, `${checked} files were checked`)
  }
})

test('a digest that no file has is looked for in every file, and not found', async () => {
  await using pool = threads({ workers: 2 })
  let checked = 0
  const found = await findByDigest(folders, 'no such digest', pool, () => {
    checked += 1
  })
  assert.deepEqual([found, checked], [undefined, 100])
})

test('nothing is left waiting in the pipeline, and the pool serves on', async () => {
  await using pool = threads({ workers: 2 })
  const [first = ''] = folders.flatMap(filesIn)
  for (let search = 0; search < 20; search++)
    assert.equal(await findByDigest(folders, digestOf(first), pool), first)
  const { queued, running } = pool.stats()
  assert.deepEqual([queued, running], [0, 0])
})

test('a file that is gone fails the search with its name', async () => {
  await using pool = coroutines()
  await assert.rejects(findByDigest(['/nowhere/at/all'], 'x', pool), {
    code: 'ENOENT',
    path: '/nowhere/at/all',
  })
})

test('another file does not pass the check', () => {
  const { S } = hashDetect.sizes
  assert.equal(hashDetect.check('00049.bin', S).ok, true)
  assert.equal(hashDetect.check('00048.bin', S).ok, false)
  assert.equal(hashDetect.check(undefined, S).ok, false)
})
