/**
 * Other versions of Node that the package is tried on, from the npm registry; kept for the next
 * run.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../shipping/project.ts'

/** The oldest that the package promises to work on. */
export const oldestVersion = '22.18.0'
/** The newest that it was tried on. */
export const newestVersion = '26.10.0'

const installsWithinMs = 180_000

/** The path of the program of that version, or why there is none. */
export async function otherNode(
  version: string,
): Promise<{ node: string } | { node: undefined; why: string }> {
  // The package `node` downloads one of these in an install script, which npm may refuse to run.
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const cache = join(root, 'node_modules/.cache')
  const folder = join(cache, `${name}-${version}`)
  const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(node)) return { node }
  // Test files that run at the same time may both install it: each apart, and the first one's
  // stays.
  mkdirSync(cache, { recursive: true })
  const apart = mkdtempSync(join(cache, 'node-'))
  writeFileSync(join(apart, 'package.json'), '{ "private": true }')
  try {
    const args = ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts', `${name}@${version}`]
    await promisify(execFile)('npm', args, {
      cwd: apart,
      timeout: installsWithinMs,
      shell: process.platform === 'win32',
    })
    if (!existsSync(folder)) renameSync(apart, folder)
  } catch (error) {
    const [line] = String((error as { stderr?: string }).stderr || error).split('\n')
    if (!existsSync(node))
      return {
        node: undefined,
        why: `${name}@${version} could not be installed, so it was not tried: ${line}`,
      }
  } finally {
    rmSync(apart, { recursive: true, force: true })
  }
  return existsSync(node) ? { node } : { node: undefined, why: `${name}@${version} has no program.` }
}
