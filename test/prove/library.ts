/**
 * The locks as they are, or with one line of them changed: a copy of src/sync/ in which the change
 * was made, loaded beside the real one.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as barrier from '../../src/sync/barrier.ts'
import type * as condition from '../../src/sync/condition.ts'
import type * as event from '../../src/sync/event.ts'
import type * as latch from '../../src/sync/latch.ts'
import type * as mutex from '../../src/sync/mutex.ts'
import type * as once from '../../src/sync/once.ts'
import type * as owned from '../../src/sync/owned.ts'
import type * as reentrant from '../../src/sync/reentrant-mutex.ts'
import type * as rwLock from '../../src/sync/rw-lock.ts'
import type * as semaphore from '../../src/sync/semaphore.ts'
import { root } from '../source-tree.ts'

/** What the models use. */
export type Library = typeof barrier &
  typeof condition &
  typeof event &
  typeof latch &
  typeof mutex &
  typeof once &
  typeof owned &
  typeof reentrant &
  typeof rwLock &
  typeof semaphore

/** A line of a file of src/sync/, and what stands in its place. */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly replace: string
}

const modules = [
  'barrier',
  'condition',
  'event',
  'latch',
  'mutex',
  'once',
  'owned',
  'reentrant-mutex',
  'rw-lock',
  'semaphore',
]

/**
 * So that lines and full locks come up in small models: a waiter stands in line after one lost
 * race, and few read at a time. Nothing else differs from what users run.
 */
export const small: readonly Edit[] = [
  { file: 'owned.ts', find: 'const patience = 64', replace: 'const patience = 1' },
  { file: 'semaphore.ts', find: 'const patience = 64', replace: 'const patience = 1' },
  { file: 'rw-lock.ts', find: 'const places = 64', replace: 'const places = 2' },
]

/**
 * Loads the locks with these changes.
 * @throws Error if what is to be changed does not stand there exactly once: the plan no longer fits
 *   the code
 */
export async function loadLibrary(edits: readonly Edit[]): Promise<Library> {
  const from = join(root, 'src', 'sync')
  const folder = mkdtempSync(join(tmpdir(), 'atonce-prove-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    for (const file of readdirSync(from).filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      let text = readFileSync(join(from, file), 'utf8')
      for (const { find, replace } of edits.filter(edit => edit.file === file)) {
        if (text.split(find).length !== 2)
          throw new Error(`${file} has ${text.split(find).length - 1} times what is to be changed: ${find}`)
        text = text.replace(find, () => replace)
      }
      const outside = pathToFileURL(join(root, 'src')).href
      writeFileSync(join(folder, file), text.replaceAll(/from '\.\.\//g, `from '${outside}/`))
    }
    const loaded = await Promise.all(
      modules.map(name => import(pathToFileURL(join(folder, `${name}.ts`)).href) as Promise<object>),
    )
    return Object.assign({}, ...loaded) as Library
  } finally {
    rmSync(folder, { recursive: true })
  }
}
