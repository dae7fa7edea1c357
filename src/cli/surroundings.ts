/** The machine and the versions that figures were taken on; no figure is told without them. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { arch, cpus, platform, release } from 'node:os'
import { machine } from '../executor/machine.ts'

export interface Surroundings {
  readonly atonce: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly quotaCores: number | undefined
  /** How many workers a pool has unless it is told otherwise. */
  readonly workers: number
}

export function surroundings(): Surroundings {
  const { cores, quotaCores, workers } = machine()
  return {
    atonce: version(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    quotaCores,
    workers,
  }
}

/** The version in the nearest package.json, which is our own. */
export function version(): string {
  const path = findPackageJSON(import.meta.url)
  return path === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

/** `2 cores (Intel Xeon), Node v24.21.0, linux x64`. */
export function surroundingsLine({ cores, quotaCores, cpu, node, platform }: Surroundings): string {
  const quota = quotaCores === undefined ? '' : `, quota ${quotaCores}`
  return `${cores} cores${quota} (${cpu}), Node ${node}, ${platform}`
}
