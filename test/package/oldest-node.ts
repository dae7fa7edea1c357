/** The oldest Node that the package promises to work on, from the npm registry; kept for the next run. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../shipping/project.ts'

export const oldestVersion = '22.18.0'

const installsWithinMs = 180_000

/** The path of its program, or why there is none. */
export async function oldestNode(): Promise<{ node: string } | { node: undefined; why: string }> {
  // The package `node` downloads one of these in an install script, which npm may refuse to run.
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = join(root, 'node_modules/.cache', `node-${oldestVersion}`)
  const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(node)) return { node }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  try {
    const args = [
      'install',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--ignore-scripts',
      `${name}@${oldestVersion}`,
    ]
    await promisify(execFile)('npm', args, { cwd: folder, timeout: installsWithinMs })
  } catch (error) {
    const [line] = String((error as { stderr?: string }).stderr || error).split('\n')
    return {
      node: undefined,
      why: `${name}@${oldestVersion} could not be installed, so it was not tried: ${line}`,
    }
  }
  return existsSync(node) ? { node } : { node: undefined, why: `${name}@${oldestVersion} has no program.` }
}
