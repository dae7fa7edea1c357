/** What the commands of the cluster say in a sentence, and what one would type next. */
import type { ClusterStatus, DeadTask } from '../../cluster.ts'
import { type AccessOptions, withAccess } from './access.ts'

export function statusSentence({ nodes, queues, dead }: ClusterStatus): string {
  const of = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0)
  const workers = of(nodes.map(node => node.workers))
  const busy = of(nodes.map(node => node.running))
  const waiting = of(queues.map(queue => queue.waiting))
  const taken = of(queues.map(queue => queue.taken))
  const who =
    nodes.length === 0
      ? 'No node runs'
      : `${counted(nodes.length, 'node')}, ${busy} of ${workers} workers busy`
  const letters = dead === 0 ? 'no dead letter' : counted(dead, 'dead letter')
  return `${who}; ${counted(waiting, 'task')} waiting, ${taken} taken, ${letters}.`
}

/** To what is wrong first: what has failed for good, then that nobody works. */
export function nextOfStatus({ nodes, dead }: ClusterStatus, access: AccessOptions): string {
  if (dead > 0) return withAccess('dead list', access)
  if (nodes.length === 0) return withAccess('worker ./tasks.ts', access)
  return withAccess(access.user === undefined ? 'doctor' : 'dead list', access) // `doctor` has no --user.
}

export function deadSentence(dead: readonly DeadTask[]): string {
  if (dead.length === 0) return 'No task has failed for good.'
  const names = [...new Set(dead.map(({ task }) => task))]
  const more = names.length > 3 ? ' and others' : ''
  return `${counted(dead.length, 'task')} failed for good: ${names.slice(0, 3).join(', ')}${more}.`
}

export function nextOfDead([first]: readonly DeadTask[], access: AccessOptions): string {
  return withAccess(first === undefined ? 'cluster status' : `dead retry ${first.id}`, access)
}

export function workerSentence(id: string, names: readonly string[], queues: string, engine: string): string {
  return `${id} runs ${names.join(', ')} of ${queues}, on ${engine}.`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
