import type { Subject } from '../../test/faults/subject.ts'
import { tinypool } from './tinypool.ts'

const subject: Subject = tinypool('tinypool threads', 'threads', 'worker_threads')
export default subject
