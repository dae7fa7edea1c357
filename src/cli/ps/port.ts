/** Where a program's inspector listens, or would. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect } from 'node:net'

/** Node's own choice. */
export const defaultPort = 9229

/** What the program was started with, by NODE_OPTIONS or its arguments. */
export interface Started {
  /** 0 for any free one. */
  readonly port: number
  /** Whether it has opened its inspector by itself. */
  readonly inspecting: boolean
}

/** Node's default where the system does not tell (it does on Linux). */
export async function startedWith(pid: number): Promise<Started> {
  const [args = '', environment = ''] = await Promise.all(
    ['cmdline', 'environ'].map(name => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
  )
  const options = /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(environment)?.[1] ?? ''
  const words = [...options.split(/\s+/), ...args.split('\0')] // The later one counts, as for Node.
  const flags = words.map(word => inspectFlag.exec(word)).filter(flag => flag !== null)
  const port = flags.map(([, , port]) => port).findLast(port => port !== undefined)
  return {
    port: port === undefined ? defaultPort : Number(port),
    inspecting: flags.some(([, name = '']) => name.startsWith('inspect') && name !== 'inspect-port'),
  }
}

/** `--inspect-port=0`, `--inspect=127.0.0.1:9230`, `--debug-port=9230`. */
const inspectFlag = /^--(inspect|inspect-brk|inspect-wait|inspect-port|debug-port)(?:=(?:.*:)?(\d+))?$/

/**
 * The TCP ports that the program listens on; undefined where the system does not tell (it does on
 * Linux).
 */
export async function listeningPorts(pid: number): Promise<number[] | undefined> {
  if (process.platform !== 'linux') return undefined
  const files = await readdir(`/proc/${pid}/fd`).catch(() => undefined)
  if (files === undefined) return undefined
  const links = await Promise.all(files.map(file => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')))
  const own = new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(name => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  )
  return tables.flatMap(text =>
    text
      .split('\n')
      .slice(1)
      .map(line => line.trim().split(/\s+/))
      .filter(fields => fields[3] === listening && own.has(fields[9]))
      .map(fields => Number.parseInt(fields[1]?.split(':')[1] ?? '0', 16)),
  )
}

/** The state LISTEN in the kernel's table (proc(5)). */
const listening = '0A'

/** Whether a program listens there. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
