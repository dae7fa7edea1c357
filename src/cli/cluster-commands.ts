/** The commands of the cluster and their options, for command-line.ts. */
import { type Command, Option } from 'commander'
import { type ExitCode, UsageError } from './ending.ts'
import { parseCount, parsePort } from './option-values.ts'

const defaultFolder = './atonce-cluster'

/** Adds them to the program; `ending` takes the exit code. */
export function addClusterCommands(atonce: Command, ending: { code: ExitCode }): void {
  withAccess(atonce.command('worker'))
    .summary('run the tasks of modules for a cluster')
    .description(
      'Takes tasks from a cluster and runs those that the modules export, and nothing else. SIGTERM lets what runs end, or hands it back.',
    )
    .argument('<file...>', 'modules that export tasks, as ./tasks.ts')
    .option('--queues <a,b>', 'which queues', 'default')
    .option('--workers <n>', 'how many; default: the cores', parseCount('--workers'))
    .addOption(
      new Option('--on <model>', 'what runs them').choices(['threads', 'processes']).default('threads'),
    )
    .option('--lease <ms>', 'how long a silent node keeps its tasks', parseCount('--lease'), 30_000)
    .option('--grace <ms>', 'how long SIGTERM lets what runs go on', parseCount('--grace'), 25_000)
    .option('--json', 'what it runs as a JSON document (schema atonce.worker/1), once it takes tasks')
    .action(async (files, options) => {
      const { worker } = await import('./cluster.ts')
      ending.code = await worker(files, options)
    })

  const cluster = atonce
    .command('cluster')
    .summary('a NATS server for this machine; nodes and queues')
    .description('A NATS server for this machine; nodes and queues.')
  cluster
    .command('init')
    .description('Writes a server configuration with users for the roles client, worker and admin.')
    .option('--folder <folder>', 'where', defaultFolder)
    .option('--namespace <name>', 'whose queues and results', 'default')
    .option('--port <n>', 'of the server', parsePort, 4222)
    .option('--force', 'write new passwords over the present ones')
    .option('--json', 'what was written as a JSON document (schema atonce.cluster-init/1)')
    .action(async options => {
      const { clusterInit } = await import('./cluster-server.ts')
      ending.code = await clusterInit(options)
    })
  cluster
    .command('up')
    .description('Runs nats-server on 127.0.0.1, with a store of its own, until Ctrl-C.')
    .option('--folder <folder>', 'of its store, and of what init has written', defaultFolder)
    .option('--port <n>', 'of the server, without init', parsePort, 4222)
    .option('--namespace <name>', 'whose queues it makes, without init', 'default')
    .option('--queues <a,b>', 'which queues it makes', 'default')
    .option('--json', 'where it is as a JSON document (schema atonce.cluster-up/1), once it is up')
    .action(async options => {
      const { clusterUp } = await import('./cluster-server.ts')
      ending.code = await clusterUp(options)
    })
  cluster
    .command('down')
    .description('Ends the server that up runs; its store is kept.')
    .option('--folder <folder>', 'of its store', defaultFolder)
    .option('--json', 'what has ended as a JSON document (schema atonce.cluster-down/1)')
    .action(async options => {
      const { clusterDown } = await import('./cluster-server.ts')
      ending.code = await clusterDown(options)
    })
  withAccess(cluster.command('status'))
    .description('Nodes, queues and dead letters.')
    .option('--json', 'a JSON document (schema atonce.cluster-status/1)')
    .action(async options => {
      const { clusterStatus } = await import('./cluster.ts')
      ending.code = await clusterStatus(options)
    })

  withAccess(cluster.command('limit'))
    .description('Sets how many tasks of a queue run at a time, on all nodes together.')
    .argument('<queue>')
    .argument('<most>', 'a number, 0 to stop the queue, none to lift the limit', most => parseLimit(most))
    .option('--json', 'what was set as a JSON document (schema atonce.cluster-limit/1)')
    .action(async (queue, most, options) => {
      const { clusterLimit } = await import('./cluster.ts')
      ending.code = await clusterLimit(queue, most, options)
    })

  const dead = atonce
    .command('dead')
    .summary('tasks that have failed for good')
    .description('Submitted tasks that have failed for good.')
  withAccess(dead.command('list'))
    .description('What there is, and why.')
    .option('--json', 'a JSON document (schema atonce.dead/1), with the failure of each attempt')
    .action(async options => {
      const { deadList } = await import('./cluster.ts')
      ending.code = await deadList(options)
    })
  withAccess(dead.command('retry'))
    .description('Puts them into their queues again.')
    .argument('<id...>')
    .option('--json', 'their new ids as a JSON document (schema atonce.dead-retry/1)')
    .action(async (ids, options) => {
      const { deadRetry } = await import('./cluster.ts')
      ending.code = await deadRetry(ids, options)
    })
  withAccess(dead.command('drop'))
    .description('Forgets them.')
    .argument('<id...>')
    .option('--json', 'which were dropped as a JSON document (schema atonce.dead-drop/1)')
    .action(async (ids, options) => {
      const { deadDrop } = await import('./cluster.ts')
      ending.code = await deadDrop(ids, options)
    })
}

function parseLimit(text: string): number {
  if (text === 'none') return Number.POSITIVE_INFINITY
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new UsageError(
    `cluster limit takes a whole number from 0 up, or none, as cluster limit mails 5; it got ${JSON.stringify(text)}.`,
  )
}

function withAccess(command: Command): Command {
  return command
    .option('--servers <urls>', 'NATS servers, with commas', 'nats://127.0.0.1:4222')
    .option('--namespace <name>', 'whose queues and results', 'default')
    .option('--credentials <file>', 'a .creds file, or a role that init has written')
    .option('--user <name>', 'with the password in ATONCE_NATS_PASSWORD')
    .option('--insecure', 'connect to another machine without TLS and credentials')
}
