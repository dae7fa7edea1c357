import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { filesIn, type KeptFiles, keptFolders, keptRoot } from './kept-files.ts'

const name = `test-${process.pid}`
const root = join(keptRoot, name)
let made = 0
let looks = 0

function fixtureOf(files: number): KeptFiles {
  return { name, files, perFolder: 2, extension: '.txt', contents: countedContents }
}

function* countedContents(): Generator<string> {
  for (let file = 0; ; file++) {
    made += 1
    yield `file ${file}`
  }
}

function textsOf(folders: readonly string[]): string[] {
  return folders.flatMap(filesIn).map(path => readFileSync(path, 'utf8'))
}

/** The fixture as another program would see it, which has looked at nothing yet. */
async function seenAnew(files: number): Promise<string[]> {
  looks += 1
  const module = new URL(`./kept-files.ts?${looks}`, import.meta.url).href
  return (await import(module)).keptFolders(fixtureOf(files))
}

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
  made = 0
})

test('files are made once and have their contents in order, in folders of the same size', async () => {
  const folders = await seenAnew(4)
  assert.deepEqual(textsOf(folders), ['file 0', 'file 1', 'file 2', 'file 3'])
  assert.deepEqual(readdirSync(root), ['000', '001'])
  assert.equal(made, 4)
  await seenAnew(4)
  assert.equal(made, 4)
})

test('a larger set takes over the folders of a smaller one', async () => {
  await seenAnew(2)
  assert.deepEqual(textsOf(await seenAnew(6)), ['file 0', 'file 1', 'file 2', 'file 3', 'file 4', 'file 5'])
})

test('a folder that has lost a file is made again', async () => {
  const [, second] = await seenAnew(4)
  rmSync(join(second as string, '00003.txt'))
  assert.deepEqual(textsOf(await seenAnew(4)), ['file 0', 'file 1', 'file 2', 'file 3'])
})

test('what an ended program has left unfinished is removed, and what a running one makes is not', async () => {
  const ended = spawn(process.execPath, ['-e', ''])
  await once(ended, 'exit')
  mkdirSync(join(root, `unfinished-${ended.pid}-abc`), { recursive: true })
  mkdirSync(join(root, `unfinished-${process.pid}-abc`))
  keptFolders(fixtureOf(2))
  assert.deepEqual(readdirSync(root), ['000', `unfinished-${process.pid}-abc`])
})
