/** workerpool as a subject: what its two kinds of workers have in common. */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Subject } from '../../test/faults/subject.ts'
import { moduleUrl } from './modules.ts'

const script = fileURLToPath(new URL('./workerpool-worker.ts', import.meta.url))

export function workerpoolSubject(
  name: string,
  model: Subject['model'],
  workerType: 'thread' | 'process',
): Subject {
  return {
    name,
    model,
    version: '10.0.3',
    own: false,
    lacks: [],
    start({ workers = 1, module, memoryMb }) {
      // A script is all that it takes; which module of tasks it shall offer travels in the
      // environment.
      process.env['FAULTS_MODULE'] = moduleUrl(module)
      const pool = workerpool.pool(script, {
        workerType,
        maxWorkers: workers,
        ...(memoryMb === undefined
          ? {}
          : workerType === 'thread'
            ? { workerThreadOpts: { resourceLimits: { maxOldGenerationSizeMb: memoryMb } } }
            : { forkOpts: { execArgv: [`--max-old-space-size=${memoryMb}`] } }),
      })
      return {
        run(task, argument, { signal, timeoutMs, transfer } = {}) {
          if (signal?.aborted) return Promise.reject(signal.reason)
          const call = pool.exec(
            task,
            [argument],
            transfer === undefined ? undefined : { transfer: [transfer] },
          )
          // The listener must return nothing: Node's EventTarget takes a returned promise's
          // rejection for an uncaught error.
          signal?.addEventListener('abort', () => void call.cancel(), { once: true })
          return Promise.resolve(timeoutMs === undefined ? call : call.timeout(timeoutMs))
        },
        // terminate(false, timeout) is documented to end the workers after that time, and does not;
        // so it is done here.
        async close(graceMs) {
          const given = new Promise(resolve => setTimeout(resolve, graceMs))
          await Promise.race([pool.terminate(false), given])
          await pool.terminate(true)
        },
      }
    },
  }
}
