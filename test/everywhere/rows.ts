/** The matrix. */
import type { Row } from './row.ts'
import { bundlers } from './rows/bundlers.ts'
import { frameworks } from './rows/frameworks.ts'
import { loaders } from './rows/loaders.ts'
import { runtimes } from './rows/runtimes.ts'
import { testRunners } from './rows/test-runners.ts'

export const rows: readonly Row[] = [...runtimes, ...loaders, ...testRunners, ...bundlers, ...frameworks]
