/** Where workers can't be started at all, said in one line when a pool is made. */
import { UnsupportedError } from '../errors.ts'

/**
 * What is known about this program's platform.
 * @throws UnsupportedError if workers of that model can't be started on it
 */
export function checkPlatform(model: 'threads' | 'processes', platform: Platform = thisPlatform()): void {
  if (platform.isSingleExecutable)
    throw new UnsupportedError(
      `${model}() can't start workers in a single executable application: there is no file that a worker could import. ` +
        'Ship the program as files beside Node, or run its tasks on coroutines().',
    )
  if (model === 'processes' && platform.otherRuntime !== undefined)
    throw new UnsupportedError(
      `processes() needs Node; this is ${platform.otherRuntime}. Use threads(), which works there, or run the program with Node.`,
    )
}

export interface Platform {
  readonly isSingleExecutable: boolean
  /** Its name and version, if it is not Node. */
  readonly otherRuntime: string | undefined
}

function thisPlatform(): Platform {
  const { bun, deno } = process.versions as { readonly bun?: string; readonly deno?: string }
  return {
    isSingleExecutable: bun === undefined && deno === undefined && isSingleExecutable(),
    otherRuntime: bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : undefined,
  }
}

function isSingleExecutable(): boolean {
  const sea = process.getBuiltinModule('node:sea') as { isSea?(): boolean } | undefined
  return sea?.isSea?.() === true
}
