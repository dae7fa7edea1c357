/** The plain loop: no worker, no library, no promise. */
import type { Rival } from '../rival.ts'
import { work } from '../work.ts'

const rival: Rival = {
  start: () => ({
    run: (name, argument) => work[name](argument as never),
    map: async (name, inputs) => inputs.map(input => work[name](input as never)),
  }),
}
export default rival
