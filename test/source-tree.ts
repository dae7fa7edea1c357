/** The sources of the project and what each imports, for the tests that check the house. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const root: string = dirname(import.meta.dirname)

export interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string
  readonly text: string
  /** Paths of the project's own files that it imports, types too. */
  readonly imports: readonly string[]
  /** Names of packages that it imports, `node:` ones too. */
  readonly packages: readonly string[]
}

/** Every TypeScript file below a folder of the project. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .sort()
    .map(name => readSource(join(folder, name)))
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const specifiers = [
    ...withoutComments(text).matchAll(/(?:\bfrom\s+|(?<!-)\bimport\s*\(?\s*)'([^']+)'/g),
  ].map(([, specifier]) => specifier as string)
  return {
    path,
    text,
    imports: specifiers
      .filter(name => name.startsWith('.'))
      .map(name => relative(root, resolve(root, dirname(path), name))),
    packages: specifiers.filter(name => !name.startsWith('.')),
  }
}

/** The text with comments blanked, so that words in prose count for nothing. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}
