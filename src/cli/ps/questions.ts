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

const close = `process.getBuiltinModule?.('node:inspector').close()`
/** A function that takes the close that is due back. */
const closing = `globalThis[Symbol.for('atonce.closing')]`

/** In a turn of its own: it would wait for the end of the very session that asks. */
export const closeInspector = `(() => {
  const turn = setImmediate(() => { delete ${closing}; ${close} })
  ${closing} = () => clearImmediate(turn)
})(), 0`

/** Instead, if no turn has come: a while after the session has ended. */
export const closeInspectorLater = `(() => {
  ${closing}?.()
  const timer = setTimeout(() => { delete ${closing}; ${close} }, 1000)
  timer.unref()
  ${closing} = () => clearTimeout(timer)
})(), 0`

/** Whether the look before this one has left the inspector to be closed later; then it is this one's to close. */
export const takeOver = `(() => {
  const due = ${closing}
  due?.()
  delete ${closing}
  return due !== undefined
})()`
