/**
 * The peers, as the fault suite knows them without loading them. Same rows, same limits; a row that
 * asks for what a library does not offer is not played on it, and does not count against it.
 */
import type { SubjectEntry } from '../../test/faults/case.ts'
import type { Feature } from '../../test/faults/subject.ts'

const none: readonly Feature[] = ['atonce', 'start-timeout', 'payload-limit', 'queue-limit', 'stream']

export const rivals: readonly SubjectEntry[] = [
  entry('piscina', 'threads', './piscina.ts', ['timeout-option']),
  entry('tinypool threads', 'threads', './tinypool-threads.ts', ['timeout-option']),
  // It takes resourceLimits for processes, and ignores them: played, the rows on memory would fill
  // the machine's.
  entry('tinypool processes', 'processes', './tinypool-processes.ts', [
    'timeout-option',
    'memory-limit',
    'transfer',
  ]),
  entry('workerpool threads', 'threads', './workerpool-threads.ts', []),
  entry('workerpool processes', 'processes', './workerpool-processes.ts', ['transfer']),
]

function entry(
  name: string,
  model: SubjectEntry['model'],
  file: string,
  lacks: readonly Feature[],
): SubjectEntry {
  return { name, model, own: false, lacks: [...none, ...lacks], url: new URL(file, import.meta.url).href }
}
