/** What is asked of another program: texts that run in there, in its own global scope, with what its Node has. */

/** What the program is, and what runs in it: one tree of each copy of atonce, if there is any. */
export const whatRuns = `(() => {
  const copies = globalThis[Symbol.for('atonce.live')]
  return {
    node: process.version,
    script: process.argv[1] ?? '',
    uptimeMs: process.uptime() * 1000,
    trees: Array.isArray(copies) ? copies.map(look => look()) : undefined,
  }
})()`

/** A promise of `true` when the event loop has turned. */
export const loopTurns = 'new Promise(turned => setImmediate(turned, true))'

export const ownPid = 'process.pid'

/** In a turn of its own: it would wait for the end of the very session that asks. */
export const closeInspector = `setImmediate(() => process.getBuiltinModule?.('node:inspector').close()), 0`
