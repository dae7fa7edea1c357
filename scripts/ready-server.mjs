// Sees to nats-server, which tests of the cluster start: installs Debian's where it may, and says
// what is skipped where not. Never fails: without a server those tests are skipped, each with a
// line that says so.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']
const has = name => folders.some(folder => folder !== '' && existsSync(join(folder, name)))

if (!has('nats-server')) {
  const why = install()
  if (why !== undefined)
    console.error(
      `atonce: there is no nats-server here, and ${why}. The cluster's tests on NATS and the chaos run are skipped.\n` +
        '    apt-get install nats-server, or brew install nats-server',
    )
}

// Undefined once it is installed, else why it is not.
function install() {
  if (process.platform !== 'linux' || !has('apt-get')) return 'this is not a Debian'
  if (process.getuid?.() !== 0) return 'only root may install it'
  console.error('atonce: installing nats-server (apt-get) …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) =>
    spawnSync('apt-get', ['-q', '-y', ...args], { env, stdio: 'ignore', timeout: 60_000 }).status === 0
  const installed = () => apt('install', '--no-install-recommends', 'nats-server')
  if (installed() || (apt('update') && installed()))
    return has('nats-server') ? undefined : 'it is not where it was installed'
  return 'apt-get could not install it'
}
