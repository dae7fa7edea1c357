// Installs the peers when this folder's lock has changed since the last time, and puts atonce
// beside them.
import { execSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const stamp = join(here, 'node_modules', '.installed')
const lock = readFileSync(join(here, 'package-lock.json'), 'utf8')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('atonce: installing the peers of bench/ (npm ci) …')
  execSync('npm ci --no-audit --no-fund --ignore-scripts --loglevel=error', {
    cwd: here,
    stdio: ['ignore', 2, 2],
  })
  writeFileSync(stamp, lock)
}

// Imported by its name, as users do. As a dependency it would bring its devDependencies into the
// lock, and make that stale.
const atonce = join(here, 'node_modules', 'atonce')
if (!existsSync(atonce)) symlinkSync(dirname(here), atonce, 'junction')
