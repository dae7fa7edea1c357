/**
 * The second thread of a worker process.
 *
 *     watchdog                                    parent
 *     writes one byte to fd 4 every beatMs ─────▶ counts beats; kills a worker that sends none. The byte says whether a part
 *                                                 of a message waits in the worker: else half a message will never be whole
 *     reads job ids from fd 4 ◀────────────────── writes the id of a job that it cancels
 *       └─▶ stores the id in the cancel word, which the task's loop polls
 *     compares the parent's id every beatMs; a process whose parent died belongs to another one: it kills the worker
 *
 * It is written as plain JavaScript text, because a bundle has no second file that the thread could load.
 * Costs one thread: some 4 MiB, and a wake-up four times a second.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { bare } from '../../checks.ts'

/** Milliseconds between two beats. */
export const beatMs = 250

/** What the two threads share. */
export const watched = { cancelled: 0, unfinished: 1 } as const

/** Starts the watchdog of this process; returns the words in which it stores and looks: see `watched`. */
export function startWatchdog(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(8))
  const options = bare<WorkerOptions>({
    eval: true,
    execArgv: [],
    workerData: { words, parent: process.ppid, beatMs },
    resourceLimits: bare({ maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }),
  })
  const thread = new Worker(watchdogSource, options)
  thread.unref()
  thread.on('error', () => {}) // Without its watchdog the worker sends no beats, and its parent replaces it.
  return words
}

const watchdogSource = `
const { workerData: { words, parent, beatMs } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { Socket } = require('node:net')
const beat = () => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  try { writeSync(4, Atomics.load(words, 1) === 0 ? '.' : ',') } catch (error) { if (error.code !== 'EAGAIN') process.kill(process.pid, 'SIGKILL') }
}
setInterval(beat, beatMs)
let held = Buffer.alloc(0)
const socket = new Socket({ fd: 4, readable: true, writable: false })
socket.on('data', part => {
  held = Buffer.concat([held, part])
  for (; held.length >= 4; held = held.subarray(4)) Atomics.store(words, 0, held.readInt32BE())
})
socket.on('close', () => process.kill(process.pid, 'SIGKILL'))
socket.on('error', () => {})
`
