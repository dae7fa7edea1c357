/**
 * Whether this module was loaded by the main program, not by a worker; the arena leaves a mark that
 * no worker has.
 */
export const inArena: boolean = Reflect.has(globalThis, Symbol.for('faults.arena'))
