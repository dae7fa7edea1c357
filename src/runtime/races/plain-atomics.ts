/** The platform's `Atomics`, as they were when this module was loaded: for the detector itself. */
const { load, store, add, sub, and, or, xor, exchange, compareExchange, wait, waitAsync, notify } = Atomics

export const plainAtomics = {
  load,
  store,
  add,
  sub,
  and,
  or,
  xor,
  exchange,
  compareExchange,
  wait,
  waitAsync,
  notify,
} as const
