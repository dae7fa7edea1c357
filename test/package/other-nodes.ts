/**
 * Other versions of Node that the package is tried on, from the npm registry; kept for the next
 * run.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
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
  const folder = join(root, 'node_modules/.cache', `node-${version}`)
  const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(node)) return { node }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  try {
    const args = ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts', `${name}@${version}`]
    await promisify(execFile)('npm', args, { cwd: folder, timeout: installsWithinMs })
  } catch (error) {
    const [line] = String((error as { stderr?: string }).stderr || error).split('\n')
    return {
      node: undefined,
      why: `${name}@${version} could not be installed, so it was not tried: ${line}`,
    }
  }
  return existsSync(node) ? { node } : { node: undefined, why: `${name}@${version} has no program.` }
}
