import { after, test } from 'node:test'
import { auto } from '../choose/auto.ts'
import { coroutines } from '../coroutines/coroutines.ts'
import { processes } from '../processes/processes.ts'
import { threads } from '../threads/threads.ts'
import { executorConformance } from './suite/conformance.ts'

const timeout = 30_000

executorConformance(
  {
    name: 'coroutines',
    start: ({ workers, ...rest }) => coroutines({ concurrency: workers, ...rest }),
    copies: false,
  },
  (name, body) => test(name, { timeout }, body),
)
executorConformance(
  { name: 'threads', start: options => threads(options), copies: true },
  (name, body) => test(name, { timeout }, body),
  after,
)
executorConformance(
  { name: 'processes', start: options => processes(options), copies: true },
  (name, body) => test(name, { timeout }, body),
  after,
)
executorConformance(
  {
    name: 'auto',
    start: ({ workers, ...rest }) => auto({ workers, concurrency: workers, ...rest }),
    copies: false,
    inside: 'coroutines',
  },
  (name, body) => test(name, { timeout }, body),
  after,
)
