import type { Subject } from '../../test/faults/subject.ts'
import { workerpoolSubject } from './workerpool.ts'

const subject: Subject = workerpoolSubject('workerpool processes', 'processes', 'process')
export default subject
