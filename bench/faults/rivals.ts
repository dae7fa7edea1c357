/** The peers, as the fault suite knows them without loading them. Same rows, same limits; what a library lacks is not counted. */
import type { SubjectEntry } from '../../test/faults/case.ts'

const url = (file: string): string => new URL(file, import.meta.url).href

export const rivals: readonly SubjectEntry[] = [
  {
    name: 'piscina',
    model: 'threads',
    own: false,
    lacks: ['atonce', 'start-timeout', 'payload-limit', 'queue-limit'],
    url: url('./piscina.ts'),
  },
  {
    name: 'tinypool threads',
    model: 'threads',
    own: false,
    lacks: ['atonce', 'start-timeout', 'payload-limit', 'queue-limit'],
    url: url('./tinypool-threads.ts'),
  },
  {
    name: 'tinypool processes',
    model: 'processes',
    own: false,
    lacks: ['atonce', 'start-timeout', 'payload-limit', 'queue-limit', 'transfer'],
    url: url('./tinypool-processes.ts'),
  },
  {
    name: 'workerpool threads',
    model: 'threads',
    own: false,
    lacks: ['atonce', 'start-timeout', 'payload-limit', 'queue-limit'],
    url: url('./workerpool-threads.ts'),
  },
  {
    name: 'workerpool processes',
    model: 'processes',
    own: false,
    lacks: ['atonce', 'start-timeout', 'payload-limit', 'queue-limit', 'transfer'],
    url: url('./workerpool-processes.ts'),
  },
]
