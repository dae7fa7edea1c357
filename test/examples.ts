/** The programs that stand in the README and the guide. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './source-tree.ts'

/** A fenced block that begins with a comment: the name of the file in which it stands. */
export interface Block {
  readonly file: string
  /** What follows the name in that comment. */
  readonly note: string
  readonly code: string
}

export const pages: readonly string[] = ['README.md', ...globSync('docs/guide/*.md', { cwd: root })]

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Of a page's blocks in one of these languages (as `ts|js`), those that name their file. */
export function blocksOf(text: string, languages = 'ts'): Block[] {
  const block = new RegExp(`^\`\`\`(?:${languages})\\n((?://|#|%%) ([\\w.-]+)\\b(.*)\\n[^]*?)^\`\`\`$`, 'gm')
  return [...text.matchAll(block)].map(([, code = '', file = '', note = '']) => ({ file, note, code }))
}
