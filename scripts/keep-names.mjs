// Gives classes their names back: esbuild calls a class that names itself `_Name`, and programs see
// that when they print an instance. A space takes the place of the sign, so that the source maps
// stay true.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** In all that was bundled into `folder`. */
export function keepNames(folder) {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.js')) continue
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    const renamed = new Set([...text.matchAll(/\b(\w+)=class _\1\b/g)].map(([, own]) => own))
    if (renamed.size === 0) continue
    writeFileSync(
      file,
      text.replace(/(?<![\w$.#'"`/])_([A-Z]\w*)\b/g, (whole, own) => (renamed.has(own) ? ` ${own}` : whole)),
    )
  }
}
