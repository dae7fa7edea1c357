/** tinypool as a subject: what its two runtimes have in common. */
import { Tinypool } from 'tinypool'
import type { Subject } from '../../test/faults/subject.ts'
import { moduleUrl, signalOf } from './modules.ts'

export function tinypool(
  name: string,
  model: Subject['model'],
  runtime: 'worker_threads' | 'child_process',
): Subject {
  return {
    name,
    model,
    version: '2.2.0',
    own: false,
    lacks: [],
    start({ workers = 1, module, memoryMb }) {
      const pool = new Tinypool({
        runtime,
        filename: moduleUrl(module),
        minThreads: 1,
        maxThreads: workers,
        ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
      })
      // As documented: errors of workers that have no task are events, and nobody is interested
      // here.
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
}
