import type { Subject } from '../../test/faults/subject.ts'
import { workerpoolSubject } from './workerpool.ts'

const subject: Subject = workerpoolSubject('workerpool threads', 'threads', 'thread')
export default subject
