// Makes a checkout ready to run: installs when node_modules is stale, builds when dist is.
// Runs on any Node from 20 on, before the project's own Node 24 (a devDependency) is there.
import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const installStamp = join(root, 'node_modules', '.cache', 'atonce-install')
const buildStamp = join(root, 'node_modules', '.cache', 'atonce-build')

const lockHash = hash(['package.json', 'package-lock.json'].map(file => join(root, file)))
if (read(installStamp) !== lockHash) {
  console.error('atonce: installing what this checkout needs (npm ci) …')
  execSync('npm ci --no-audit --no-fund --loglevel=error', { cwd: root, stdio: ['ignore', 2, 2] })
  write(installStamp, lockHash)
}

const sourceHash = hash(
  sources().concat(
    ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map(f => join(root, f)),
  ),
)
if (read(buildStamp) !== sourceHash || !existsSync(join(root, 'dist', 'src', 'index.js'))) {
  console.error('atonce: building dist/ …')
  execSync('npm run --silent build', { cwd: root, stdio: ['ignore', 2, 2] })
  write(buildStamp, sourceHash)
}

function sources() {
  return ['src', 'gallery', 'kernels', 'scripts'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true })
      .map(name => join(root, folder, name))
      .filter(path => !path.endsWith('.test.ts') && statSync(path).isFile())
      .sort(),
  )
}

function hash(paths) {
  const digest = createHash('sha256').update(process.platform + process.arch)
  for (const path of paths) digest.update(path.slice(root.length)).update(readFileSync(path))
  return digest.digest('hex')
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
