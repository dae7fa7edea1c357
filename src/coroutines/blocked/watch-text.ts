/**
 * The thread that watches an event loop, as plain JavaScript text: a bundle has no second file that
 * it could load.
 */

export const watchText = `
const { workerData: { words, longerThanMs, lookEveryMs }, parentPort } = require('node:worker_threads')
const { Session } = require('node:inspector')
let beats = 0
let sinceMs = performance.now()
let told = false
setInterval(() => {
  const now = Atomics.load(words, 0)
  if (now !== beats) {
    beats = now
    sinceMs = performance.now()
    told = false
  } else if (!told && performance.now() - sinceMs > longerThanMs) {
    told = true
    look(performance.now() - sinceMs)
  }
}, lookEveryMs)

function look(blockedMs) {
  const session = new Session()
  try {
    session.connectToMainThread()
  } catch {
    return // A debugger is at work.
  }
  const urls = new Map()
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url))
  const end = () => session.post('Debugger.disable', () => session.disconnect())
  session.on('Debugger.paused', ({ params: { callFrames } }) => {
    const stack = callFrames.map(({ functionName, url, location: { scriptId, lineNumber, columnNumber } }) =>
      (functionName || '(anonymous)') + ' (' + (url || urls.get(scriptId)) + ':' + (lineNumber + 1) + ':' + (columnNumber + 1) + ')')
    const expression = "globalThis['atonce.loop.who']?.() ?? '[]'"
    const [{ callFrameId }] = callFrames
    session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression, returnByValue: true }, (_, answer) => {
      let who = []
      try {
        who = JSON.parse(answer.result.value)
      } catch {}
      session.post('Debugger.resume', end)
      parentPort.postMessage({ blockedMs, who, stack })
    })
  })
  session.post('Debugger.enable', () => session.post('Debugger.pause'))
}
`
