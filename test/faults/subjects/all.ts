/** The subjects of this repository, as the suite knows them without loading them. */
import type { SubjectEntry } from '../case.ts'

export const ownSubjects: readonly SubjectEntry[] = [
  {
    name: 'atonce threads',
    model: 'threads',
    own: true,
    lacks: [],
    url: new URL('./atonce-threads.ts', import.meta.url).href,
  },
  {
    name: 'atonce processes',
    model: 'processes',
    own: true,
    lacks: [],
    url: new URL('./atonce-processes.ts', import.meta.url).href,
  },
]
