import { fileURLToPath } from 'node:url'
import { FixedThreadPool } from 'poolifier'
import type { Rival } from '../rival.ts'

const script = fileURLToPath(new URL('./poolifier-worker.js', import.meta.url))

const rival: Rival = {
  start(workers) {
    const pool = new FixedThreadPool<unknown, any>(workers, script)
    return {
      run: (name, argument) => pool.execute(argument, name),
      map: (name, inputs) => pool.mapExecute(inputs, name),
      copy: array => pool.execute(array, 'bump'),
      // No way to move a result back: so no `move`.
      share: array => pool.execute(array, 'bumpShared'),
    }
  },
}
export default rival
