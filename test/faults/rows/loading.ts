/** The worker can't start, or can't load the task's module, or does not find the task in it. */
import { rejects, resolves, settles } from '../expect.ts'
import type { Row } from '../row.ts'

/**
 * All calls are of one module, so all of them have to fail alike; and nothing may hang behind it.
 */
function unloadable(row: Pick<Row, 'name' | 'fault' | 'expect'> & Partial<Row>, module: string): Row {
  const answer: Row['running'] = pool => pool.run('answer')
  return {
    pool: { module },
    running: answer,
    queued: answer,
    later: answer,
    ...row,
    expect: { queued: row.expect.running, later: row.expect.running, ...row.expect },
  }
}

const modules: Row[] = [
  unloadable(
    {
      name: 'module-throws',
      short: true,
      fault: 'the module throws while it is loaded',
      expect: { running: rejects('TASK_LOAD', { cause: 'this module throws while it is loaded' }) },
    },
    'load-throws',
  ),
  unloadable(
    {
      name: 'module-throws-null',
      fault: 'the module throws null while it is loaded',
      expect: { running: rejects('TASK_LOAD') },
    },
    'load-throws-null',
  ),
  unloadable(
    {
      name: 'module-missing',
      short: true,
      fault: 'the module imports one that does not exist',
      expect: { running: rejects('TASK_LOAD') },
    },
    'load-missing',
  ),
  unloadable(
    {
      name: 'module-syntax',
      fault: 'the module imports one with a syntax error',
      expect: { running: rejects('TASK_LOAD') },
    },
    'load-syntax',
  ),
  unloadable(
    {
      name: 'module-exits',
      short: true,
      fault: 'the module calls process.exit(7) while it is loaded',
      expect: { running: rejects('WORKER_START') },
    },
    'load-exits',
  ),
  unloadable(
    {
      name: 'module-never-loads',
      short: true,
      fault: 'the module awaits, at its top level, what never comes',
      pool: { module: 'load-never', startTimeoutMs: 700 },
      expect: { running: rejects('WORKER_START_TIMEOUT') },
    },
    'load-never',
  ),
  unloadable(
    {
      name: 'module-spins',
      fault: 'the module spins while it is loaded',
      pool: { module: 'load-spins', startTimeoutMs: 700 },
      expect: { running: rejects('WORKER_START_TIMEOUT') },
    },
    'load-spins',
  ),
  {
    name: 'module-rejects',
    fault: 'the module leaves a rejected promise behind while it is loaded',
    pool: { module: 'load-rejects' },
    running: pool => pool.run('answer'),
    queued: pool => pool.run('answer'),
    later: pool => pool.run('answer'),
    expect: { running: settles(), queued: settles(), later: settles() },
  },
  {
    name: 'module-throws-beside',
    fault: 'a good module is used next to one that throws',
    needs: ['atonce'],
    pool: { module: 'load-throws' },
    running: pool => pool.run('answer'),
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: { running: rejects('TASK_LOAD') },
  },
  {
    name: 'module-never-loads-beside',
    fault: 'a good module is used next to one that never loads',
    needs: ['atonce'],
    pool: { module: 'load-never', startTimeoutMs: 700 },
    running: pool => pool.run('answer'),
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: { running: rejects('WORKER_START_TIMEOUT') },
  },
  {
    name: 'module-deleted',
    fault: "the module's file is deleted after the main program has loaded it",
    needs: ['atonce'],
    pool: stage => ({ module: stage.write('gone.mts', 'export function answer() { return 42 }') }),
    running: (pool, stage) => {
      const url = `file://${stage.directory}/gone.tasks.mts`
      stage.remove(url)
      return pool.run('answer')
    },
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: { running: rejects('TASK_LOAD') },
  },
  {
    name: 'module-changed',
    fault: "the module's file is changed after the main program has loaded it",
    short: true,
    needs: ['atonce'],
    pool: stage => ({ module: stage.write('changed.mts', 'export function answer() { return 42 }') }),
    running: (pool, stage) => {
      const plain = stage.write('changed.mts', 'export function answer() { return 43 }')
      const wrap = new URL('../subjects/wrap.ts', import.meta.url).href
      stage.write(
        'changed.tasks.mts',
        `// edited\nimport * as plain from ${JSON.stringify(plain)}\nimport { wrap } from ${JSON.stringify(wrap)}\nexport const tasks = wrap(import.meta, plain)\n`,
      )
      return pool.run('answer')
    },
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: { running: rejects('TASK_VERSION') },
  },
  {
    name: 'module-odd-path',
    fault: 'the module lies under a path with spaces, %, #, ? and letters beyond ASCII',
    short: true,
    pool: stage => ({
      module: stage
        .write('ünï códe 100% #1 ? & more/odd.mts', 'export function answer() { return 42 }')
        .replaceAll('?', '%3F'),
    }),
    running: pool => pool.run('answer'),
    queued: pool => pool.run('answer'),
    later: pool => pool.run('answer'),
    expect: { running: resolves(42), queued: resolves(42), later: resolves(42) },
  },
  {
    name: 'module-starts-a-pool',
    fault: 'the module runs a task of its own while it is loaded: every worker would start workers',
    short: true,
    needs: ['atonce'],
    pool: stage => ({
      module: stage.write(
        'entry.mts',
        `import { task, ${stage.model} } from ${JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href)}\n` +
          'const own = task(import.meta, function own() {})\n' +
          `if (!Reflect.has(globalThis, Symbol.for('faults.arena'))) await ${stage.model}({ workers: 1 }).run(own)\n` +
          'export function answer() { return 42 }',
      ),
    }),
    running: pool => pool.run('answer'),
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: { running: rejects('ENTRY_POINT') },
  },
]

const names: Row[] = [
  {
    name: 'task-missing',
    fault: 'the worker finds fewer tasks in the module than the main program',
    short: true,
    pool: { module: 'load-fewer' },
    running: pool => pool.run('second'),
    queued: pool => pool.run('answer'),
    later: pool => pool.run('answer'),
    expect: { running: rejects('TASK_LOAD'), queued: resolves(42), later: resolves(42) },
  },
  ...['constructor', 'toString', '__proto__', 'no\0such\ud800name'].map(
    (name): Row => ({
      name: `task-named-${name.startsWith('no') ? 'oddly' : name.replaceAll('_', '')}`,
      fault: `a task called ${JSON.stringify(name)} is asked for`,
      short: name === 'constructor',
      running: pool => pool.run(name),
      expect: { running: rejects('TASK_LOAD') },
    }),
  ),
  {
    name: 'task-is-no-function',
    fault: 'what the module exports under that name is a number',
    running: pool => pool.run('notFunction'),
    expect: { running: rejects('TASK_LOAD') },
  },
  {
    name: 'plain-function',
    fault: 'a plain function is passed where a task is wanted',
    needs: ['atonce'],
    running: pool => pool.run('', () => 1, { plain: true }),
    expect: { running: rejects('INVALID_TASK') },
  },
  {
    name: 'no-function',
    fault: 'undefined is passed where a task is wanted',
    needs: ['atonce'],
    running: pool => pool.run('', undefined, { plain: true }),
    expect: { running: rejects('INVALID_TASK') },
  },
]

const starting: Row[] = [
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map(
    (workers): Row => ({
      name: `workers-${workers}`.toLowerCase(),
      fault: `a pool of ${workers} workers is asked for`,
      needs: ['atonce'],
      pool: { workers },
      running: pool => pool.run('echo', 1),
      expect: { running: rejects('OPTION') },
    }),
  ),
  {
    name: 'few-descriptors',
    fault: 'forty workers are wanted where the system allows 64 open files',
    short: true,
    pool: { workers: 40 },
    program: { shell: 'ulimit -n 64' },
    limitMs: 20_000,
    running: async pool => {
      const calls = Array.from({ length: 40 }, () => pool.run('sleep', 100))
      const outcomes = await Promise.allSettled(calls)
      // Those workers that the system grants do the work.
      return outcomes.some(({ status }) => status === 'fulfilled')
    },
    queued: null,
    expect: { running: resolves(true) },
  },
]

export const loadingRows: readonly Row[] = [...modules, ...names, ...starting]
