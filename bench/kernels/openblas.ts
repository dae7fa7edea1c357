/**
 * The kernel's matrix product beside numpy's, which is OpenBLAS: how far there is to go. A line
 * says so where numpy is missing (Debian: python3-numpy).
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('openblas.py', import.meta.url))

/** The median in milliseconds on so many threads, checked by the sum; undefined without numpy. */
export function openBlasMs(n: number, threads: number, rounds: number, sum: number): number | undefined {
  let said: string
  try {
    said = execFileSync('python3', [script, ...[n, threads, rounds].map(String)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return undefined
  }
  const [ms, itsSum] = said.trim().split(' ').map(Number)
  if (itsSum !== sum) throw new Error(`numpy's product has the sum ${itsSum}, not ${sum}.`)
  return ms
}
