import { Piscina } from 'piscina'
import type { Subject } from '../../test/faults/subject.ts'
import { moduleUrl, signalOf } from './modules.ts'

const subject: Subject = {
  name: 'piscina',
  model: 'threads',
  version: '5.3.2',
  own: false,
  lacks: [],
  start({ workers = 1, module, memoryMb }) {
    const pool = new Piscina({
      filename: moduleUrl(module),
      minThreads: workers,
      maxThreads: workers,
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    })
    return {
      run(task, argument, options = {}) {
        const signal = signalOf(options)
        return pool.run(argument, {
          name: task,
          ...(signal && { signal }),
          ...(options.transfer && { transferList: [options.transfer] }),
        })
      },
      close: () => pool.destroy(),
    }
  },
}

export default subject
