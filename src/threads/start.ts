/** Starts a thread in the way in which the program was started. */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { bare } from '../checks.ts'
import {
  currentFolder,
  hasPreload,
  nodeOptionsOf,
  onlyModuleFlags,
  startFolder,
  withoutScript,
  withPreloadsFrom,
  wordsOf,
} from '../worker/start-flags.ts'

/**
 * A thread inherits all that the program was started with. If the program has left the folder in
 * which it was started, Node would look for preloads from where it is now; so these are given anew,
 * as they are found from every folder.
 * @throws whatever Node throws when it can't start one
 */
export function startWorker(firstLine: URL, options: WorkerOptions): Worker {
  const inherited = process.execArgv
  const fromOptions = wordsOf(process.env.NODE_OPTIONS ?? '')
  const folder = startFolder
  if (
    folder === undefined ||
    options.execArgv !== undefined ||
    !(hasPreload(inherited) || hasPreload(fromOptions)) ||
    currentFolder() === folder
  )
    return new Worker(firstLine, options)
  const execArgv = withPreloadsFrom(folder, withoutScript(inherited))
  const env =
    options.env === undefined && hasPreload(fromOptions)
      ? bare({ ...process.env, NODE_OPTIONS: nodeOptionsOf(withPreloadsFrom(folder, fromOptions)) })
      : undefined
  const moved = env === undefined ? options : { ...options, env }
  try {
    return new Worker(firstLine, bare({ ...moved, execArgv }))
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw error
    // Flags that only a whole process can have (--expose-gc, --title) are refused here, and hold
    // for its threads anyway.
    return new Worker(firstLine, bare({ ...moved, execArgv: onlyModuleFlags(execArgv) }))
  }
}
