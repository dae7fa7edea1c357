import { Piscina } from 'piscina'
import type { Rival } from '../rival.ts'

const filename = new URL('../work.js', import.meta.url).href
const moving = new URL('./piscina-moves.js', import.meta.url).href

const rival: Rival = {
  start(workers) {
    const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers })
    return {
      run: (name, argument) => pool.run(argument, { name }),
      copy: array => pool.run(array, { name: 'bump' }),
      move: array => pool.run(array, { filename: moving, name: 'bumpMoved', transferList: [array.buffer] }),
      share: array => pool.run(array, { name: 'bumpShared' }),
    }
  },
}
export default rival
