import { getCompileCacheDir } from 'node:module'
import { task } from '../../../src/index.ts'

export const cacheFolder = task(import.meta, function cacheFolder(): string | null {
  return getCompileCacheDir() ?? null
})
