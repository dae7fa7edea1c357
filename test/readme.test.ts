/** Every example of the README and the guide runs: each page's TypeScript blocks, written to the files that they name. */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from './source-tree.ts'

const execute = promisify(execFile)

interface Block {
  readonly file: string
  readonly code: string
}

for (const page of ['README.md', ...globSync('docs/guide/*.md', { cwd: root })]) {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'))
  const programs = blocks.filter(({ file }) => file.startsWith('main'))
  for (const program of programs) {
    test(`${page}: ${program.file} runs and prints what it says`, { timeout: 60_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'atonce-example-'))
      try {
        mkdirSync(join(folder, 'node_modules'))
        symlinkSync(root, join(folder, 'node_modules', 'atonce'))
        writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
        for (const { file, code } of blocks) writeFileSync(join(folder, file), code)
        const { stdout } = await execute(process.execPath, [program.file], { cwd: folder, timeout: 50_000 })
        const expected = [...program.code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(
          ([, shown]) => shown,
        )
        assert.deepEqual(stdout.trim().split('\n').filter(Boolean), expected)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }
}

test('every TypeScript block says in which file it stands', () => {
  for (const page of ['README.md', ...globSync('docs/guide/*.md', { cwd: root })]) {
    const text = readFileSync(join(root, page), 'utf8')
    assert.equal(blocksOf(text).length, [...text.matchAll(/^```ts$/gm)].length, page)
  }
})

/** The blocks of a page that begin with `// file.ts`. */
function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```ts\n\/\/ ([\w.-]+\.ts)\b(.*?\n)```$/gms)].map(([, file, rest]) => ({
    file: file as string,
    code: `//${rest}`,
  }))
}
