/** The worker dies, hangs, or is spoilt while a task runs in it. */
import { byModel, either, rejects, resolves, settles, throws } from '../expect.ts'
import type { Row } from '../row.ts'
import { builtIns } from '../tasks/faults.ts'
import { believedLies, kindsOfLies } from '../tasks/forgeries.ts'

const sharedProcess = 'threads share one process: the signal ends the whole program'
const sharedDescriptors = 'threads share their file descriptors with the main program'

const ends: Row[] = [
  {
    name: 'exit',
    fault: 'the task calls process.exit(3)',
    short: true,
    running: pool => pool.run('exit', 3),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  },
  {
    name: 'exit-zero',
    fault: 'the task calls process.exit(0), as if all were well',
    running: pool => pool.run('exit', 0),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 0 }) },
  },
  {
    name: 'exit-after-await',
    fault: 'the task awaits, then calls process.exit(3)',
    running: pool => pool.run('exitLater', 3),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  },
  {
    name: 'exit-after-result',
    fault: 'the worker exits while it is idle',
    short: true,
    running: (pool, stage) => pool.run('exitAfterResult', stage.marker),
    queued: null,
    before: async stage => {
      await stage.begun()
      await stage.noticed()
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'exit-as-next-arrives',
    fault: 'the worker exits at the moment at which the next task is sent',
    running: (pool, stage) => pool.run('exitAfterResult', stage.marker),
    queued: null,
    before: stage => stage.begun(),
    later: async pool => {
      await pool.run('echo', 1).catch(() => {})
      return pool.run('echo', 'later')
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'exit-five-times',
    fault: 'five tasks in a row end their worker',
    running: async pool => {
      const exits = [1, 2, 3, 4, 5].map(code => pool.run('exit', code))
      const outcomes = await Promise.allSettled(exits)
      return outcomes.map(outcome => outcome.status)
    },
    expect: { running: resolves(['rejected', 'rejected', 'rejected', 'rejected', 'rejected']) },
  },
  {
    name: 'exit-before-many',
    fault: 'fifty tasks wait behind one that ends the worker',
    short: true,
    running: pool => pool.run('exit', 3),
    queued: pool => Promise.all(Array.from({ length: 50 }, (_, n) => pool.run('echo', n))),
    expect: { running: rejects('WORKER_EXITED'), queued: resolves(Array.from({ length: 50 }, (_, n) => n)) },
  },
  {
    name: 'exit-with-neighbour',
    fault: 'two workers; one exits while the other works',
    pool: { workers: 2 },
    running: pool => pool.run('exitLater', 3),
    queued: pool => pool.run('sleep', 200),
    expect: { running: rejects('WORKER_EXITED'), queued: resolves('done') },
  },
  {
    name: 'exit-with-grandchild',
    fault: 'the worker exits and leaves a process behind that holds its output open',
    running: pool => pool.run('exitWithGrandchild'),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  },
  {
    name: 'uncaught',
    fault: 'an exception is thrown from a timer while the task awaits',
    short: true,
    running: pool => pool.run('throwLater'),
    expect: { running: rejects('WORKER_CRASHED', { cause: 'thrown from a timer' }) },
  },
  {
    name: 'uncaught-null',
    fault: 'null is thrown from a timer while the task awaits',
    running: pool => pool.run('throwNullLater'),
    expect: { running: rejects('WORKER_CRASHED') },
  },
  {
    name: 'uncaught-too-large',
    fault: 'an error with a message of 5 MiB is thrown from a timer, where messages may have 1 MiB',
    pool: { maxPayloadBytes: 2 ** 20 },
    running: pool => pool.run('throwLargeLater'),
    expect: { running: rejects('WORKER_CRASHED') },
  },
  {
    name: 'unhandled-rejection',
    fault: 'a promise rejects that nobody awaits, while the task awaits',
    short: true,
    running: pool => pool.run('rejectLater'),
    expect: { running: rejects('WORKER_CRASHED', { cause: 'rejected and not awaited' }) },
  },
  {
    name: 'error-event',
    fault: "an 'error' event is emitted that nobody listens to",
    running: pool => pool.run('emitError'),
    expect: { running: rejects('WORKER_CRASHED', { cause: 'emitted' }) },
  },
  {
    name: 'uncaught-after-result',
    fault: 'an exception is thrown in an idle worker',
    short: true,
    running: (pool, stage) => pool.run('throwAfterResult', stage.marker),
    queued: null,
    before: async stage => {
      await stage.begun()
      await stage.noticed()
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'unhandled-after-result',
    fault: 'a promise rejects in an idle worker',
    running: (pool, stage) => pool.run('rejectAfterResult', stage.marker),
    queued: null,
    before: async stage => {
      await stage.begun()
      await stage.noticed()
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'stack-overflow',
    fault: 'the task recurses without end',
    short: true,
    running: pool => pool.run('overflow'),
    expect: { running: throws('RangeError', error => error instanceof RangeError) },
  },
]

const memory: Row[] = [
  {
    name: 'out-of-memory',
    fault: 'the task fills its heap of 32 MiB in one go',
    short: true,
    pool: { memoryMb: 32 },
    needs: ['memory-limit'],
    limitMs: 12_000,
    running: pool => pool.run('fillMemory'),
    expect: { running: rejects('OUT_OF_MEMORY', { limitMb: 32 }) },
  },
  {
    name: 'out-of-memory-in-turns',
    fault: 'the task fills its heap of 32 MiB between turns of its loop',
    pool: { memoryMb: 32 },
    needs: ['memory-limit'],
    limitMs: 12_000,
    running: pool => pool.run('fillMemoryInTurns'),
    expect: { running: rejects('OUT_OF_MEMORY', { limitMb: 32 }) },
  },
  {
    name: 'memory-limit-absurd',
    fault: 'a heap limit of 1 MiB is asked for',
    short: true,
    pool: { memoryMb: 1 },
    needs: ['memory-limit'],
    policy: true,
    running: pool => pool.run('echo', 'started'),
    expect: { running: rejects('OPTION'), queued: settles(), later: settles() },
  },
]

const signals: Row[] = [
  ...(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const).map(
    (signal): Row => ({
      name: `${signal.toLowerCase()}-self`,
      fault: `the worker receives ${signal} while a task runs`,
      short: signal !== 'SIGTERM',
      inherent: { threads: sharedProcess },
      running: pool => pool.run('killSelf', signal),
      expect: { running: rejects('WORKER_CRASHED', { signal }) },
    }),
  ),
  {
    name: 'abort-native',
    fault: 'the task calls process.abort(), as a native crash does',
    short: true,
    running: pool => pool.run('abort'),
    // Node refuses process.abort() in threads with an error of its own, so there it is an ordinary
    // failure of the task.
    expect: {
      running: byModel(
        throws('Node refuses it', error => error.code === 'ERR_WORKER_UNSUPPORTED_OPERATION'),
        rejects('WORKER_CRASHED', { signal: 'SIGABRT' }),
      ),
    },
  },
  {
    name: 'sigkill-while-spinning',
    fault: 'somebody kills the worker while a task spins',
    inherent: { threads: sharedProcess },
    running: (pool, stage) => pool.run('spin', stage.marker),
    meanwhile: async stage => process.kill(await stage.begun(), 'SIGKILL'),
    expect: { running: rejects('WORKER_CRASHED', { signal: 'SIGKILL' }) },
  },
  {
    name: 'sigkill-while-idle',
    fault: 'somebody kills an idle worker',
    inherent: { threads: sharedProcess },
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 0 }),
    queued: null,
    before: async stage => {
      process.kill(await stage.begun(), 'SIGKILL')
      await stage.noticed()
    },
    expect: { running: resolves('done') },
  },
  {
    name: 'sigstop',
    fault: 'somebody stops the worker (SIGSTOP) while a task runs',
    inherent: { threads: sharedProcess },
    limitMs: 15_000,
    running: (pool, stage) => pool.run('hold', stage.marker),
    meanwhile: async stage => process.kill(await stage.begun(), 'SIGSTOP'),
    expect: { running: rejects('CONNECTION_LOST') },
  },
  {
    name: 'sigstop-with-timeout',
    fault: 'the worker is stopped while a task with a timeout runs',
    short: true,
    needs: ['timeout'],
    inherent: { threads: sharedProcess },
    running: (pool, stage) => pool.run('hold', stage.marker, { timeoutMs: 1_500 }),
    meanwhile: async stage => process.kill(await stage.begun(), 'SIGSTOP'),
    expect: { running: rejects('TIMEOUT') },
  },
  {
    name: 'sigstop-for-a-second',
    fault: 'the worker is stopped for a second and goes on',
    inherent: { threads: sharedProcess },
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 100 }),
    meanwhile: async stage => stage.suspendWorker(await stage.begun(), 1_000),
    expect: { running: resolves('done') },
  },
]

const connection: Row[] = [
  {
    name: 'channel-closed',
    fault: "the task closes Node's own channel to the main program",
    running: pool => pool.run('closeChannel'),
    // Whether the library uses that channel is its own affair. If it does, it has to notice.
    expect: { running: either(resolves('done'), rejects('CONNECTION_LOST'), rejects('WORKER_EXITED')) },
  },
  {
    name: 'sockets-closed',
    fault: 'the task closes all sockets of its process',
    short: true,
    inherent: { threads: sharedDescriptors },
    running: pool => pool.run('closeSockets'),
    expect: {
      running: either(rejects('CONNECTION_LOST'), rejects('WORKER_CRASHED'), rejects('WORKER_EXITED')),
    },
  },
  {
    name: 'forged-messages',
    fault: 'the task posts null, garbage and forged results to the main program',
    short: true,
    running: pool => pool.run('forgeMessages'),
    // What the liar itself gets is its own affair.
    expect: { running: settles() },
  },
  {
    name: 'forged-bytes',
    fault: 'the task writes 64 bytes of 0xff into all sockets of its process',
    short: true,
    inherent: { threads: sharedDescriptors },
    running: pool => pool.run('forgeBytes'),
    expect: { running: rejects('PROTOCOL') },
  },
  {
    name: 'forged-huge-frame',
    fault: 'the task announces a message of nearly 4 GB',
    inherent: { threads: sharedDescriptors },
    running: pool => pool.run('forgeHugeFrame'),
    expect: { running: rejects('PROTOCOL') },
  },
]

/**
 * What the liar itself gets, where that is fixed; a lie that nobody believes leaves its call to its
 * timeout.
 */
const endsOfLies: Readonly<Record<string, string>> = {
  crashOfNonsense: 'PROTOCOL',
  failedOfNonsense: 'PROTOCOL',
  chunkOfNonsense: 'PROTOCOL',
  unknownClass: 'UNKNOWN_CLASS',
  hostileClass: 'UNKNOWN_CLASS',
  nullClass: 'PROTOCOL',
  hostilePacked: 'UNKNOWN_CLASS',
  packedOfNothing: 'PROTOCOL',
  nestOfNobody: 'PROTOCOL',
  nestOfNothing: 'TIMEOUT',
  nestBroken: 'PROTOCOL',
  unnestOfNobody: 'PROTOCOL',
  unnestOfNothing: 'TIMEOUT',
  yieldedByNobody: 'PROTOCOL',
  yieldedByNoStream: 'PROTOCOL',
  yieldedOneByNoStream: 'PROTOCOL',
  returningNoStream: 'PROTOCOL',
  droppedByNobody: 'PROTOCOL',
  droppedUncancelled: 'PROTOCOL',
  helpedWithNothing: 'PROTOCOL',
  initializedAgain: 'PROTOCOL',
  storageToMain: 'PROTOCOL',
  lentByNobody: 'PROTOCOL',
  lentOfNothing: 'PROTOCOL',
  wornAtOnce: 'TIMEOUT',
}

/** Whatever the call itself comes to: the main program goes on, and so do the calls of others. */
const lies: Row[] = kindsOfLies.map((kind): Row => {
  const code = endsOfLies[kind]
  return {
    name: `forged-${kind.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
    fault: `the task speaks the library's protocol, and lies (${kind})`,
    short: kind === 'chunkOfNulls' || kind === 'nullCause',
    needs: ['atonce'],
    pool: { module: 'forgeries' },
    running: pool => pool.run('forge', kind, { timeoutMs: 1_500 }),
    queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
    later: pool => pool.run('echo', 'later', { module: 'faults' }),
    expect: {
      running: code === undefined ? settles() : rejects(code),
      // Its answer comes a second time, and its worker is ended for that. Of a process it is not
      // known whether the next call had begun, and a thread may be importing its module.
      queued: believedLies.includes(kind)
        ? either(resolves('queued'), rejects('PROTOCOL'))
        : resolves('queued'),
    },
  }
})

lies.push({
  name: 'forged-nest-twice',
  short: true,
  fault: 'the task forges two calls of the same number, which never end, and returns',
  needs: ['atonce'],
  pool: { module: 'forgeries' },
  running: pool => pool.run('forgeTwice'),
  queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
  later: pool => pool.run('echo', 'later', { module: 'faults' }),
  expect: { running: rejects('PROTOCOL') },
})

lies.push({
  name: 'forged-half-message',
  short: true,
  fault: 'the task sends the head of a message, and nothing of its body',
  needs: ['atonce'],
  inherent: { threads: sharedDescriptors },
  pool: { module: 'forgeries' },
  running: pool => pool.run('forge', 'halfMessage'),
  queued: pool => pool.run('echo', 'queued', { module: 'faults' }),
  later: pool => pool.run('echo', 'later', { module: 'faults' }),
  expect: { running: rejects('PROTOCOL') },
})

/** Built-ins that a task has broken: its worker goes on, or says that it can't and is replaced. */
const broken: Row[] = builtIns.map(
  (name): Row => ({
    name: `broken-built-in-${name.toLowerCase()}`,
    fault: `the task replaces a built-in by one that throws (${name})`,
    short: name === 'push',
    running: pool => pool.run('breakBuiltIn', name),
    queued: pool => pool.run('echo', { a: [1, 2] }),
    expect: { running: settles(), queued: settles() },
  }),
)

const surroundings: Row[] = [
  {
    name: 'exit-mocked',
    fault: 'the worker dies of an uncaught error, and process.exit is a mock',
    short: true,
    running: pool => pool.run('dieUnderMockedExit'),
    expect: { running: rejects('WORKER_CRASHED') },
  },
  {
    name: 'exit-listener-throws',
    fault: 'the worker dies of an uncaught error, and a listener to its exit throws',
    running: pool => pool.run('dieUnderThrowingListener'),
    expect: { running: rejects('WORKER_CRASHED') },
  },
  {
    name: 'stack-hook',
    fault: 'the task fails under an Error.prepareStackTrace that gives no text',
    running: pool => pool.run('failWithoutStack'),
    expect: {
      running: throws('TypeError: boom', error => error instanceof TypeError && error.message === 'boom'),
    },
  },
  {
    name: 'prototypes-frozen',
    fault: 'the task freezes Object.prototype and others',
    short: true,
    running: pool => pool.run('freezePrototypes', { a: 1 }),
    queued: pool => pool.run('echo', JSON.parse('{"constructor":"Acme"}')),
    expect: { running: resolves({ a: 1 }), queued: resolves({ constructor: 'Acme' }) },
  },
  {
    name: 'newline-on-the-connection',
    fault: 'the task writes a line of text to the sockets of its process',
    short: true,
    inherent: { threads: sharedDescriptors },
    running: pool => pool.run('scribble', '\nhello'),
    expect: { running: rejects('PROTOCOL') },
  },
  {
    name: 'blocked-loop',
    fault: 'a task blocks its event loop for 4 s: busy, not stuck',
    limitMs: 10_000,
    running: pool => pool.run('busy', 4_000),
    expect: { running: resolves('done') },
  },
  {
    name: 'stdout-flood',
    fault: 'the task prints 4 MB to standard output',
    running: pool => pool.run('flood', 20_000),
    limitMs: 15_000,
    expect: { running: resolves('done') },
  },
  {
    name: 'stderr-flood',
    fault: 'the task prints 4 MB to standard error',
    running: pool => pool.run('floodErrors', 20_000),
    limitMs: 15_000,
    expect: { running: resolves('done') },
  },
  {
    name: 'globals-replaced',
    fault: 'the task replaces Promise, JSON, setTimeout, structuredClone …',
    short: true,
    running: pool => pool.run('replaceGlobals'),
    expect: { running: resolves('done') },
  },
  {
    name: 'prototypes-polluted',
    fault: 'the task adds properties to Object.prototype and Array.prototype',
    running: pool => pool.run('pollutePrototypes'),
    expect: { running: resolves('done') },
  },
  {
    name: 'listeners-removed',
    fault: 'the task removes all listeners of process and parentPort',
    running: pool => pool.run('removeListeners'),
    expect: { running: resolves('done') },
  },
]

export const workerRows: readonly Row[] = [
  ...ends,
  ...memory,
  ...signals,
  ...connection,
  ...lies,
  ...broken,
  ...surroundings,
]
