/** The MD5 of a file. Not for secrets: it is what the workshop looks for. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export function digestOf(path: string): string {
  return hash('md5', readFileSync(path))
}
