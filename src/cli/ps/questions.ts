/**
 * What is asked of another program: texts that run in there, in its own global scope, with what its
 * Node has.
 */

/** What the program is, and what runs in it: one tree of each copy of atonce, if there is any. */
export const whatRuns = whatRunsOf('')

/** The same of a worker: of each list so many nodes at most. */
export const whatRunsInside = whatRunsOf('200')

function whatRunsOf(most: string): string {
  return `(() => {
  const copies = globalThis[Symbol.for('atonce.live')]
  return {
    node: process.version,
    script: process.argv[1] ?? '',
    uptimeMs: process.uptime() * 1000,
    threadId: process.getBuiltinModule?.('node:worker_threads').threadId,
    trees: Array.isArray(copies) ? copies.map(look => look(${most})) : undefined,
  }
})()`
}

/** Where the code is that was interrupted to be asked this, as text; nothing of it if none was. */
export const stackNow = `(() => {
  const limit = Error.stackTraceLimit
  try {
    Error.stackTraceLimit = 30
    return String(new Error().stack)
  } finally {
    Error.stackTraceLimit = limit
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

/** Instead, if no turn has come: there will be no second close when it does. */
export const notLater = `(() => { ${closing}?.(); delete ${closing} })(), 0`

/** Stands there until the session that asks has ended. */
export const closeNow = `${close}, 0`

/**
 * Whether the look before this one has left the inspector to be closed later; then it is this one's
 * to close.
 */
export const takeOver = `(() => {
  const due = ${closing}
  due?.()
  delete ${closing}
  return due !== undefined
})()`

const guard = `globalThis[Symbol.for('atonce.guard')]`

/** Closes the inspector some seconds after the last question: who asks may be killed. */
export const guarded = `(() => {
  const timer = setInterval(() => {
    if (performance.now() - ${guard}.askedMs > 10_000) { clearInterval(timer); delete ${guard}; ${close} }
  }, 1000)
  timer.unref()
  ${guard} = { askedMs: performance.now(), stop: () => clearInterval(timer) }
})(), 0`

/** Before each question. */
export const beat = `((guard) => { if (guard) guard.askedMs = performance.now() })(${guard})`

/** Before the last one. */
export const unguarded = `((guard) => { guard?.stop(); delete ${guard} })(${guard})`
