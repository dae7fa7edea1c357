/** Every fault, in the order of the table. */
import type { Row } from '../row.ts'
import { cancelRows } from './cancel.ts'
import { closeRows } from './close.ts'
import { endRows } from './ends.ts'
import { hostRows } from './host.ts'
import { instanceRows } from './instances.ts'
import { loadingRows } from './loading.ts'
import { nestedRows } from './nested.ts'
import { repeatRows } from './repeats.ts'
import { streamRows } from './streams.ts'
import { valueRows } from './values.ts'
import { workerRows } from './worker.ts'

export const groups: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  { title: 'The worker fails', rows: workerRows },
  { title: 'The task cannot be loaded', rows: loadingRows },
  { title: 'The call is stopped', rows: cancelRows },
  { title: 'The value is hard to copy', rows: valueRows },
  { title: 'The generator fails, or is left', rows: streamRows },
  { title: 'The call has the ends of channels', rows: endRows },
  { title: 'The task runs others on its own executor', rows: nestedRows },
  { title: 'The call is repeated, the worker replaced', rows: repeatRows },
  { title: 'The instance or the context is hostile', rows: instanceRows },
  { title: 'The pool is closed', rows: closeRows },
  { title: 'The main program is in trouble', rows: hostRows },
]

export const allRows: readonly Row[] = groups.flatMap(({ rows }) => rows)
