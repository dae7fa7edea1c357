/**
 * Something happens to the main program itself. Whatever it is, no worker may outlive it by more
 * than two seconds.
 */
import { either, rejects, resolves, settles } from '../expect.ts'
import type { Ending, ProgramOptions, Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** The main program ends in the middle of everything, so nothing but its end is looked at. */
function ends(row: {
  name: string
  fault: string
  short?: boolean
  task: string
  module?: string
  end: (stage: Stage) => unknown
  program: Ending
  begun?: boolean
}): Row {
  return {
    name: row.name,
    fault: row.fault,
    short: row.short ?? false,
    ...(row.module === undefined ? {} : { pool: { module: row.module } }),
    running: (pool, stage) => pool.run(row.task, stage.marker),
    queued: null,
    meanwhile: async stage => {
      if (row.begun !== false) await stage.begun()
      await row.end(stage)
    },
    later: null,
    close: null,
    expect: { running: settles(), program: row.program },
  }
}

/** Waits for a signal that comes from outside; nothing else happens. */
const forever = () => new Promise(() => setInterval(() => {}, 1_000))

const uncaught = () => {
  setImmediate(() => {
    throw new Error('uncaught in the main program')
  })
  return forever()
}

const signalled =
  (signal: NodeJS.Signals, to: 'main' | 'all' = 'main') =>
  (stage: Stage) => {
    stage.signal(signal, to)
    return forever()
  }

const theEnd: Row[] = [
  ends({
    name: 'main-killed-spinning',
    short: true,
    fault: 'the main program is killed (SIGKILL) while a task spins',
    task: 'spin',
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-blocked',
    fault: 'the main program is killed while a task blocks in Atomics.wait',
    task: 'waitForever',
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-awaiting',
    short: true,
    fault: 'the main program is killed while a task awaits',
    task: 'hold',
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-microtasks',
    fault: 'the main program is killed while a task spins on promises',
    task: 'spinOnPromises',
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-pending',
    fault: 'the main program is killed while a task waits for what nothing will settle',
    task: 'never',
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-starting',
    fault: 'the main program is killed right after the first call',
    task: 'spin',
    begun: false,
    end: signalled('SIGKILL'),
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-killed-loading',
    fault: 'the main program is killed while a module loads that spins',
    module: 'load-spins',
    task: 'answer',
    begun: false,
    end: async stage => {
      await stage.pause(400)
      return signalled('SIGKILL')(stage)
    },
    program: { signal: 'SIGKILL' },
  }),
  ends({
    name: 'main-exits-busy',
    short: true,
    fault: 'the main program calls process.exit(0) while a task spins',
    task: 'spin',
    end: () => process.exit(0),
    program: { exitCode: 0 },
  }),
  ends({
    name: 'main-exits-starting',
    fault: 'the main program calls process.exit(0) right after the first call',
    task: 'spin',
    begun: false,
    end: () => process.exit(0),
    program: { exitCode: 0 },
  }),
  ends({
    name: 'main-throws-busy',
    short: true,
    fault: 'the main program dies of an uncaught error while a task spins',
    task: 'spin',
    end: uncaught,
    program: { exitCode: 1 },
  }),
  ends({
    name: 'main-sigint',
    short: true,
    fault: 'the main program receives SIGINT while a task spins',
    task: 'spin',
    end: signalled('SIGINT'),
    program: { signal: 'SIGINT' },
  }),
  ends({
    name: 'main-ctrl-c',
    fault: 'the main program and its workers receive SIGINT, as from a terminal',
    task: 'spin',
    end: signalled('SIGINT', 'all'),
    program: { signal: 'SIGINT' },
  }),
  ends({
    name: 'main-sigterm',
    fault: 'the main program receives SIGTERM while a task spins',
    task: 'spin',
    end: signalled('SIGTERM'),
    program: { signal: 'SIGTERM' },
  }),
  ends({
    name: 'main-sighup',
    fault: 'the terminal of the main program and its workers goes away (SIGHUP)',
    task: 'hold',
    end: signalled('SIGHUP', 'all'),
    program: { signal: 'SIGHUP' },
  }),
]

const goesOn: Row[] = [
  {
    name: 'main-killed-idle',
    fault: 'the main program is killed while its worker is idle',
    running: pool => pool.run('echo', 1),
    queued: null,
    before: signalled('SIGKILL'),
    later: null,
    close: null,
    expect: { running: resolves(1), program: { signal: 'SIGKILL' } },
  },
  {
    name: 'pool-left-open',
    fault: 'the main program has nothing left to do and never closed its idle pool',
    short: true,
    running: pool => pool.run('echo', 1),
    close: null,
    expect: { running: resolves(1) },
  },
  {
    name: 'pool-never-used',
    fault: 'the main program makes a pool, and neither uses nor closes it',
    running: async () => 'unused',
    queued: null,
    later: null,
    close: null,
    expect: { running: resolves('unused') },
  },
  {
    name: 'ctrl-c-handled',
    fault: 'workers receive SIGINT from the terminal; the main program handles its own and goes on',
    short: true,
    inherent: { threads: 'threads receive no signals' },
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 400 }),
    meanwhile: async stage => {
      process.on('SIGINT', () => {})
      await stage.begun()
      stage.signal('SIGINT', 'all')
    },
    // A program that wants to end in good order needs its workers to do so.
    expect: { running: resolves('done') },
  },
  {
    name: 'main-blocked',
    fault: 'the main program blocks its event loop for 6 s while a task runs',
    limitMs: 15_000,
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 1_000 }),
    meanwhile: async stage => {
      await stage.begun()
      const endAt = performance.now() + 6_000
      while (performance.now() < endAt);
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'laptop-sleep',
    fault: 'all processes are stopped for 8 s, as by a lid that is closed, and go on',
    limitMs: 20_000,
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 1_000 }),
    meanwhile: async stage => {
      await stage.begun()
      await stage.suspend(8_000)
    },
    expect: { running: resolves('done') },
  },
]

const odd: [name: string, fault: string, options: ProgramOptions, short?: boolean][] = [
  ['frozen-intrinsics', 'Node runs with --frozen-intrinsics', { flags: ['--frozen-intrinsics'] }, true],
  [
    'disable-proto-delete',
    'Node runs with --disable-proto=delete',
    { flags: ['--disable-proto=delete'] },
    true,
  ],
  ['disable-proto-throw', 'Node runs with --disable-proto=throw', { flags: ['--disable-proto=throw'] }],
  [
    'no-eval',
    'Node refuses to make code from strings',
    { flags: ['--disallow-code-generation-from-strings'] },
  ],
  [
    'permission-model',
    'Node runs under its permission model, with workers and child processes allowed',
    {
      flags: [
        '--permission',
        '--allow-fs-read=*',
        '--allow-fs-write=*',
        '--allow-worker',
        '--allow-child-process',
      ],
    },
  ],
  [
    'rejections-strict',
    'Node runs with --unhandled-rejections=strict',
    { flags: ['--unhandled-rejections=strict'] },
  ],
  [
    'rejections-none',
    'Node runs with --unhandled-rejections=none',
    { flags: ['--unhandled-rejections=none'] },
  ],
  [
    'no-warnings',
    'Node runs with --throw-deprecation and --no-warnings',
    { flags: ['--throw-deprecation', '--no-warnings'] },
  ],
  [
    'closed-output',
    'standard input, output and error of the program are closed',
    { shell: 'exec <&- >&- 2>&-' },
  ],
  ['environment-empty', 'the program has no PATH and no HOME', { shell: 'unset PATH HOME' }],
]

const simple = () => ({ list: [1, 'two', null], nested: { deep: true } })
const echoes: Pick<Row, 'running' | 'expect'> = {
  running: pool => pool.run('echo', simple()),
  expect: { running: resolves(simple()) },
}

/**
 * Node itself starts no thread, and no program from a string, where there is no working directory.
 */
const worksOrSaysWhy = either(
  resolves('anything', () => true),
  rejects('WORKER_START'),
)

export const hostRows: readonly Row[] = [
  ...theEnd,
  ...goesOn,
  ...odd.map(
    ([name, fault, program, short = false]): Row => ({
      name,
      fault,
      short,
      program,
      ...echoes,
    }),
  ),
  {
    name: 'directory-gone',
    fault: 'the working directory of the program was removed',
    program: { shell: 'd=$(mktemp -d) && cd "$d" && rmdir "$d"' },
    ...echoes,
    expect: { running: worksOrSaysWhy, queued: worksOrSaysWhy, later: worksOrSaysWhy },
  },
]
