/**
 * An instance does harm while it is packed or unpacked, or its class is not there; what goes with
 * each call can't.
 */
import { rejects, resolves } from '../expect.ts'
import type { Row } from '../row.ts'

/**
 * Loaded by the rows themselves: where it is imported first decides which side it believes to be
 * on.
 */
type Instances = typeof import('../tasks/instances.ts')

function load(): Promise<Instances> {
  return import('../tasks/instances.ts')
}

function crossing(row: Pick<Row, 'name' | 'fault' | 'running' | 'expect'> & Partial<Row>): Row {
  return {
    ...row,
    needs: ['atonce', ...(row.needs ?? [])],
    pool: { module: 'instances', ...(row.pool as object) },
  }
}

function parcel(here: string, there: string): Row['running'] {
  return async pool => {
    const { Parcel } = await load()
    return pool.run('echo', new Parcel(here, there))
  }
}

const arguments_: Row[] = [
  crossing({
    name: 'instance-unpack-throws',
    fault: 'an argument is an instance whose unpack() throws in the worker',
    short: true,
    running: parcel('plain', 'throws'),
    expect: { running: rejects('SERIALIZATION', { path: 'args', cause: 'not unpacked' }) },
  }),
  crossing({
    name: 'instance-unpack-throws-null',
    fault: 'an argument is an instance whose unpack() throws null in the worker',
    running: parcel('plain', 'throwsNull'),
    expect: { running: rejects('SERIALIZATION', { path: 'args' }) },
  }),
  crossing({
    name: 'instance-unpack-exits',
    fault: 'an argument is an instance whose unpack() exits in the worker',
    short: true,
    running: parcel('plain', 'exits'),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  }),
  crossing({
    name: 'instance-unpack-spins',
    fault: 'an argument is an instance whose unpack() spins in the worker',
    needs: ['timeout'],
    running: async pool => {
      const { Parcel } = await load()
      return pool.run('echo', new Parcel('plain', 'spins'), { timeoutMs: 1_000 })
    },
    expect: { running: rejects('TIMEOUT') },
  }),
  ...(['other', 'nothing', 'proxy'] as const).map(kind =>
    crossing({
      name: `instance-unpack-${kind}`,
      fault: `an argument is an instance whose unpack() gives ${{ other: 'an instance of another class', nothing: 'null', proxy: 'a proxy that throws' }[kind]}`,
      running: parcel('plain', kind),
      expect: { running: rejects('SERIALIZATION', { path: 'args' }) },
    }),
  ),
  crossing({
    name: 'instance-pack-throws',
    fault: 'an argument is an instance whose pack() throws',
    short: true,
    running: parcel('throws', 'plain'),
    expect: { running: rejects('SERIALIZATION', { path: 'args[0]', cause: 'not packed' }) },
  }),
  crossing({
    name: 'instance-pack-function',
    fault: 'an argument is an instance whose pack() gives a function',
    running: parcel('function', 'plain'),
    expect: { running: rejects('SERIALIZATION', { path: 'args[0], packed' }) },
  }),
  crossing({
    name: 'instance-pack-itself',
    fault: 'an argument is an instance whose pack() gives another one, without end',
    running: parcel('itself', 'plain'),
    expect: { running: rejects('SERIALIZATION') },
  }),
  crossing({
    name: 'instance-getter',
    fault: 'an argument is an instance with a getter of its own that throws',
    running: async pool => {
      const { Sack } = await load()
      const sack = Object.defineProperty(new Sack(1), 'content', {
        enumerable: true,
        get() {
          throw new RangeError('no content')
        },
      })
      return pool.run('echo', sack)
    },
    expect: { running: rejects('SERIALIZATION', { path: 'args[0].content' }) },
  }),
  crossing({
    name: 'instance-unknown',
    fault: 'an argument is an instance of a class that the worker has not declared',
    short: true,
    running: async pool => {
      const { Stranger } = await load()
      return pool.run('echo', { list: [new Stranger()] })
    },
    expect: { running: rejects('UNKNOWN_CLASS') },
  }),
  crossing({
    name: 'instance-huge',
    fault: 'an argument is an instance with 3 MiB, where messages may have 1 MiB',
    pool: { maxPayloadBytes: 2 ** 20 },
    running: async pool => {
      const { Sack } = await load()
      return pool.run('echo', new Sack(new Uint8Array(3 * 2 ** 20)))
    },
    expect: { running: rejects('PAYLOAD_TOO_LARGE') },
  }),
  crossing({
    name: 'instance-deep',
    fault: 'an argument is an instance within two hundred thousand others',
    running: async pool => {
      const { Sack } = await load()
      let deep = new Sack('the innermost')
      for (let depth = 0; depth < 200_000; depth += 1) deep = new Sack(deep)
      return pool.run('echo', deep)
    },
    expect: { running: rejects('SERIALIZATION') },
  }),
]

const results: Row[] = [
  ...(
    [
      [
        'throws',
        'whose unpack() throws in the main program',
        'SERIALIZATION',
        { path: 'result', cause: 'not unpacked' },
      ],
      ['packThrows', 'whose pack() throws', 'SERIALIZATION', { path: 'result', cause: 'not packed' }],
      ['packFunction', 'whose pack() gives a function', 'SERIALIZATION', { path: 'result, packed' }],
      ['huge', 'whose pack() gives 3 MiB, where messages may have 1 MiB', 'PAYLOAD_TOO_LARGE', {}],
      ['sack', 'with 3 MiB, where messages may have 1 MiB', 'PAYLOAD_TOO_LARGE', {}],
      ['emigrant', 'of a class that the main program has not declared', 'UNKNOWN_CLASS', {}],
      ['function', 'with a function in it', 'SERIALIZATION', { path: 'result.content.callback' }],
    ] as const
  ).map(([kind, what, code, details]) =>
    crossing({
      name: `instance-result-${kind.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
      fault: `a result is an instance ${what}`,
      pool: { maxPayloadBytes: 2 ** 20 },
      running: pool => pool.run('give', kind),
      expect: { running: rejects(code, details) },
    }),
  ),
]

const contexts: Row[] = [
  crossing({
    name: 'context-function',
    fault: 'a storage that goes with calls holds a function',
    short: true,
    running: async pool => {
      const { requestId } = await load()
      return requestId.run({ callback: () => {} }, () => pool.run('readRequestId'))
    },
    expect: { running: rejects('SERIALIZATION', { path: 'context.requestId.callback' }) },
  }),
  crossing({
    name: 'context-huge',
    fault: 'a storage that goes with calls holds 3 MiB, where messages may have 1 MiB',
    pool: { maxPayloadBytes: 2 ** 20 },
    running: async pool => {
      const { requestId } = await load()
      return requestId.run('x'.repeat(3 * 2 ** 20), () => pool.run('readRequestId'))
    },
    expect: { running: rejects('PAYLOAD_TOO_LARGE') },
  }),
  crossing({
    name: 'context-unpack-throws',
    fault: 'a storage that goes with calls holds an instance whose unpack() throws in the worker',
    running: async pool => {
      const { Parcel, requestId } = await load()
      return requestId.run(new Parcel('plain', 'throws'), () => pool.run('readRequestId'))
    },
    expect: { running: rejects('SERIALIZATION', { path: 'context', cause: 'not unpacked' }) },
  }),
  crossing({
    name: 'context-undeclared',
    fault: 'a storage goes with a call, and the worker does not know it',
    running: async pool => {
      const { withUndeclared } = await load()
      return withUndeclared('left out', () => pool.run('readRequestId'))
    },
    expect: { running: resolves(undefined) },
  }),
  crossing({
    name: 'context-spoilt',
    fault: 'a task sets a storage for all that comes after it in its worker',
    running: async pool => {
      const { requestId } = await load()
      const spoilt = requestId.run('first', () => pool.run('spoilRequestId'))
      const set = requestId.run('second', () => pool.run('readRequestId'))
      return [await spoilt, await set, await pool.run('readRequestId')]
    },
    queued: null,
    expect: { running: resolves(['done', 'second', undefined]) },
  }),
]

export const instanceRows: readonly Row[] = [...arguments_, ...results, ...contexts]
