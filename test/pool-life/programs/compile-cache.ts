/**
 * Prints the folder of the compile cache, of this program and of a worker. Arguments: model,
 * folder.
 */
import { enableCompileCache, getCompileCacheDir } from 'node:module'

const [model, folder] = process.argv.slice(2)
if (folder !== undefined) enableCompileCache(folder)
const { processes, threads } = await import('../../../src/index.ts')
const { cacheFolder } = await import('./cache-folder.ts')
await using pool = model === 'threads' ? threads({ workers: 1 }) : processes({ workers: 1 })
console.log(JSON.stringify([getCompileCacheDir() ?? null, await pool.run(cacheFolder)]))
