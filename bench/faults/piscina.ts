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
      minThreads: 1,
      maxThreads: workers,
      ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
    })
    // As documented: errors of workers that have no task are events, and nobody is interested here.
    pool.on('error', () => {})
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
