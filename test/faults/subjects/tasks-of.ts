/**
 * The tasks of one of the modules in tasks/: `tasks-of.ts?module=faults`. The query makes it a
 * module for each.
 */
import type { Task } from '../../../src/index.ts'
import { wrap } from './wrap.ts'

const name = new URL(import.meta.url).searchParams.get('module')
const plain = (await import(`../tasks/${name}.ts`)) as Record<string, unknown>

export const tasks: Map<string, Task> = wrap(import.meta, plain)
