import { test } from 'node:test'
import { coroutines, processes, threads } from '../index.ts'
import { executorConformance } from './conformance.ts'

const timeout = 30_000

executorConformance(
  {
    name: 'coroutines',
    start: ({ workers, ...rest }) => coroutines({ concurrency: workers, ...rest }),
    copies: false,
  },
  (name, body) => test(name, { timeout }, body),
)
executorConformance({ name: 'threads', start: options => threads(options), copies: true }, (name, body) =>
  test(name, { timeout }, body),
)
executorConformance({ name: 'processes', start: options => processes(options), copies: true }, (name, body) =>
  test(name, { timeout }, body),
)
