/**
 * The second thread of a worker process.
 *
 *     watchdog                                    parent
 *     writes one byte to fd 4 every beatMs ─────▶ counts beats; kills a worker that sends none. The byte says whether a part
 *                                                 of a message waits in the worker: else half a message will never be whole
 *     reads job ids from fd 4 ◀────────────────── writes the id of a job that it cancels
 *       └─▶ stores the id in the cancel word, which the task's loop polls
 *     compares the parent's id every beatMs; a process whose parent died belongs to another one
 *
 * When the parent is gone, the worker ends by itself, in order: its `exit` handlers run, logs and
 * coverage are written. It must begin within `noticeMs` and end within `endMs`; otherwise the
 * watchdog kills it.
 *
 * The watchdog is plain JavaScript in a string, because a bundle has no second file that the thread
 * could load. It costs one thread: some 4 MiB, and four wake-ups a second.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { bare } from '../../checks.ts'
import { store } from '../../runtime/atomics.ts'

/** Milliseconds between two beats. */
export const beatMs = 250

/**
 * How long a worker may run on after its parent is gone: a task that spins does not notice.
 */
export const noticeMs = 1_000
/** How long such a worker may take to end. */
export const endMs = 5_000

/** What the two threads share. */
export const watched = { cancelled: 0, unfinished: 1, ending: 2 } as const

/**
 * Starts the watchdog of this process; returns the words that it shares with this thread: see
 * `watched`.
 */
export function startWatchdog(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(12))
  const options = bare<WorkerOptions>({
    eval: true,
    execArgv: [],
    workerData: { words, parent: process.ppid, beatMs, noticeMs, endMs },
    resourceLimits: bare({ maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }),
  })
  const thread = new Worker(watchdogSource, options)
  thread.unref()
  thread.on('error', () => {}) // Without beats, the parent replaces the worker.
  process.on('exit', () => store(words, watched.ending, 1)) // Pairs with the load in `parentIsGone`.
  return words
}

const watchdogSource = `
const { workerData: { words, parent, beatMs, noticeMs, endMs } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { Socket } = require('node:net')
const kill = () => process.kill(process.pid, 'SIGKILL')
let isGone = false
const parentIsGone = () => {
  if (isGone) return
  isGone = true
  setTimeout(() => { if (Atomics.load(words, 2) === 0) kill() }, noticeMs)
  setTimeout(kill, endMs)
}
const beat = () => {
  if (process.ppid !== parent) parentIsGone()
  try { writeSync(4, Atomics.load(words, 1) === 0 ? '.' : ',') } catch (error) { if (error.code !== 'EAGAIN') parentIsGone() }
}
setInterval(beat, beatMs)
let held = Buffer.alloc(0)
const socket = new Socket({ fd: 4, readable: true, writable: false })
socket.on('data', part => {
  held = Buffer.concat([held, part])
  for (; held.length >= 4; held = held.subarray(4)) Atomics.store(words, 0, held.readInt32BE())
})
socket.on('close', parentIsGone)
socket.on('error', () => {})
`
