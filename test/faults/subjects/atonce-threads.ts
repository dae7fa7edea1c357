import { threads } from '../../../src/index.ts'
import type { Subject } from '../subject.ts'
import { atonceOptions, atoncePool } from './atonce.ts'

const subject: Subject = {
  name: 'atonce threads',
  model: 'threads',
  version: '0.1.0',
  own: true,
  lacks: [],
  start: async options => atoncePool(threads(await atonceOptions(options)), options),
}

export default subject
