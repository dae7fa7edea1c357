/**
 * A recording of another program: the recorder's text is evaluated in there, by the way that `ps`
 * takes (ps/open.ts), and its calls come back as JSON.
 *
 *     begin ─▶ Recorder in the program, its newest calls in a ring ─▶ end ─▶ Recording
 *                └── nobody has asked for it `lateMs` after its time: it stops by itself
 */
import type { Asked } from '../ps/conversation.ts'
import type { LoopUse } from './lost.ts'
import { type KeptCall, mostNotes, Recorder, type Recording } from './recorder.ts'

/** The command may have been killed. */
const lateMs = 10_000

const recordings = `globalThis[Symbol.for('atonce.recordings')]`

function beginning(keep: number, forMs: number): string {
  return `(() => {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel')
  const now = () => {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  }
  const all = (${recordings} ??= { map: new Map(), last: 0 })
  const recorder = new (${Recorder})({ keep: ${keep}, newest: true, notes: ${mostNotes}, now, subscribe, unsubscribe })
  const id = ++all.last
  const timer = setTimeout(() => { all.map.delete(id); recorder.stop() }, ${forMs + lateMs})
  timer.unref()
  all.map.set(id, { recorder, timer, loop: performance.eventLoopUtilization() })
  return id
})()`
}

function ending(id: number): string {
  return `(() => {
  const one = ${recordings}?.map.get(${id})
  if (one === undefined) return undefined
  ${recordings}.map.delete(${id})
  clearTimeout(one.timer)
  const recording = one.recorder.stop()
  const numbers = new Map(recording.workers.map((worker, at) => [worker, at]))
  const calls = recording.calls.map(call => ({ ...call, worker: numbers.get(call.worker) }))
  const loop = performance.eventLoopUtilization(one.loop)
  return JSON.stringify({ ...recording, calls, loop, name: process.argv[1] ?? '' })
})()`
}

/** Keeps nothing alive in there. */
const passing = (ms: number) => `new Promise(passed => setTimeout(passed, ${ms}, true).unref())`

export interface Elsewhere {
  readonly recording: Recording
  readonly loop: LoopUse
  /** The program's file. */
  readonly name: string
}

/**
 * Records what the program's main thread asks of its executors for so long, and leaves it as it
 * was.
 *
 * @throws CommandError if the program ends meanwhile
 */
export async function recordElsewhere(
  program: Asked,
  { keep, forMs }: { readonly keep: number; readonly forMs: number },
  signal: AbortSignal,
): Promise<Elsewhere> {
  const id = (await program.evaluate(beginning(keep, forMs))) as number
  try {
    const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    await Promise.race([aborted, program.evaluateWithin(forMs + lateMs / 2, passing(forMs))])
    signal.throwIfAborted()
    return unpacked(JSON.parse((await program.evaluate(ending(id))) as string) as Packed)
  } catch (error) {
    await program.evaluate(ending(id)).catch(() => {}) // It has ended, and its recorder with it.
    throw error
  }
}

type PackedCall = Omit<KeptCall, 'worker'> & { readonly worker?: number }

interface Packed extends Omit<Recording, 'calls'> {
  readonly calls: readonly PackedCall[]
  readonly loop: LoopUse
  readonly name: string
}

function unpacked({ loop, name, calls, ...rest }: Packed): Elsewhere {
  const whole = calls.map(
    ({ worker, ...call }) =>
      ({ ...call, worker: worker === undefined ? undefined : rest.workers[worker] }) as KeptCall,
  )
  return { recording: { ...rest, calls: whole }, loop, name }
}
