/** The machine and the versions that figures were taken on; no figure is told without them. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { arch, cpus, platform, release } from 'node:os'
import { dirname, join } from 'node:path'
import { machine } from '../pool/machine.ts'

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

/** Our own version. */
export function version(): string {
  return (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string })
    .version
}

/** Where this copy of atonce is installed: the folder of the nearest package.json. */
export function packageFolder(): string {
  return dirname(findPackageJSON(import.meta.url) ?? process.execPath)
}

/** `2 cores (Intel Xeon), Node v24.21.0, linux x64`. */
export function surroundingsLine({ cores, quotaCores, cpu, node, platform }: Surroundings): string {
  const quota = quotaCores === undefined ? '' : `, quota ${quotaCores}`
  return `${cores} cores${quota} (${cpu}), Node ${node}, ${platform}`
}
