import { processes } from '../../../src/index.ts'
import type { Subject } from '../subject.ts'
import { atonceOptions, atoncePool } from './atonce.ts'

const subject: Subject = {
  name: 'atonce processes',
  model: 'processes',
  version: '0.1.0',
  own: true,
  lacks: [],
  start: async options => atoncePool(processes(await atonceOptions(options)), options),
}

export default subject
