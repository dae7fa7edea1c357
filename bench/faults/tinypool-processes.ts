import type { Subject } from '../../test/faults/subject.ts'
import { tinypool } from './tinypool.ts'

const subject: Subject = tinypool('tinypool processes', 'processes', 'child_process')
export default subject
