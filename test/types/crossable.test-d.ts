/** The type `Crossable`: compiled, not run. What must not compile is marked. */
import type { Blob, File } from 'node:buffer'
import type { KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { BlockList, SocketAddress } from 'node:net'
import type { RecordableHistogram } from 'node:perf_hooks'
import type { MessagePort } from 'node:worker_threads'
import { type Channel, type Crossable, type Receiver, type Sender, task, threads } from '../../src/index.ts'
import type * as sync from '../../src/sync.ts'

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

interface Plain {
  readonly name: string
  size?: number
  tags: readonly string[]
  place: [x: number, y: number]
  at: Date
  pixels: Uint8ClampedArray
  byName: Map<string, { n: bigint }>
  seen: Set<number>
  kind: 'a' | 'b' | null
  nested: { readonly deep: { list: Plain[] } }
}
// What crosses keeps its type: modifiers, tuples, unions, and types that lead back to themselves.
const plain = (value: Plain): Crossable<Plain> => value
const back = (value: Crossable<Plain>): Plain => value
same<Crossable<string | undefined>, string | undefined>(true)
same<Crossable<readonly [number, string?]>, readonly [number, string?]>(true)
same<Crossable<unknown>, unknown>(true)
same<Crossable<any>, any>(true)

interface Job {
  readonly file: string
  readonly done: () => void
}
const run = task(import.meta, function run(job: Crossable<Job>): number {
  return job.file.length
})
const pool = threads()
const job: Job = { file: 'a.png', done: () => {} }
// @ts-expect-error: a function can't cross to a worker: pass data, …
pool.run(run, job)
// @ts-expect-error: nor where it stands in the call itself
pool.run(run, { file: 'a.png', done: () => {} })

// The sentence stands in the type.
same<
  Crossable<() => void>,
  "a function can't cross to a worker: pass data, and call a function of the task's module"
>(true)
same<Crossable<Promise<number>>, "a promise can't cross to a worker: await it first">(true)
same<Crossable<symbol>, "a symbol can't cross to a worker: pass a string">(true)
same<Crossable<WeakRef<object>>, "a weak collection can't cross to a worker: pass a Map or a Set">(true)
// Wherever it is.
same<
  Crossable<{ a: [Map<string, symbol>] }>,
  { a: [Map<string, "a symbol can't cross to a worker: pass a string">] }
>(true)

// What has methods and crosses all the same: the platform's own, and the library's.
type Copied = Blob | File | KeyObject | webcrypto.CryptoKey | X509Certificate | BlockList | SocketAddress
type Moved = MessagePort | FileHandle | ReadableStream<string> | WritableStream | TransformStream
type Locks = sync.Mutex | sync.RwLock | sync.Semaphore | sync.Condition | sync.Barrier | sync.Once
type Memory = sync.SharedArray<'u8'> | sync.AtomicCounter | sync.Records<{ age: 'u8' }>
same<Crossable<Copied | RecordableHistogram>, Copied | RecordableHistogram>(true)
same<Crossable<{ of: Moved }>, { of: Moved }>(true)
same<Crossable<Locks | Memory>, Locks | Memory>(true)
same<Crossable<Sender<number> | Receiver<string>>, Sender<number> | Receiver<string>>(true)

// What run time refuses with a cure of its own has its sentence here, too.
same<
  Crossable<Channel<number>>,
  "a Channel can't cross to a worker: pass one of its ends, channel.sender or channel.receiver"
>(true)
same<Crossable<URL>, "a URL can't cross to a worker: pass url.href">(true)
same<
  Crossable<typeof Date>,
  "a class can't cross to a worker: pass data, and use a class of the task's module"
>(true)
same<Crossable<Generator<number>>, "an iterator can't cross to a worker: collect it into an array first">(
  true,
)
same<Crossable<AsyncGenerator<number>>, Crossable<Iterable<number>>>(true)
same<Crossable<AbortSignal>, Crossable<AbortController>>(true)
declare const named: unique symbol
same<
  Crossable<{ [named]: 1; a: 1 }>,
  { [named]: "a property named by a symbol can't cross to a worker: name it by a string"; a: 1 }
>(true)

// An optional part that can't cross may be left out, and keeps what else it may be.
interface Listening {
  readonly file: string
  readonly done?: () => void
  on: 'end' | (() => void)
}
const silent = (): Crossable<Listening> => ({ file: 'a.png', on: 'end' })
// @ts-expect-error: the function that may be there can't cross
const listening = (): Crossable<Listening> => ({ file: 'a.png', on: 'end', done: () => {} })
// Types that mark a primitive, and arrays that have names.
same<Crossable<string & { readonly brand: 1 }>, string & { readonly brand: 1 }>(true)
const match = (found: RegExpMatchArray): Crossable<RegExpMatchArray> => found
const matched = (found: Crossable<RegExpMatchArray>): RegExpMatchArray => found
// @ts-expect-error: a name of the array holds a function
const withName = (rows: number[] & { more: () => void }): Crossable<number[] & { more: () => void }> => rows
void [silent, listening, match, matched, withName]

class Money {
  readonly cents = 0
  plus(other: Money): Money {
    return other
  }
}
// Types can't tell a shareable class from another: it is named.
// @ts-expect-error: its method is a function
const unknownClass = (money: Money): Crossable<Money> => money
const shareableClass = (money: { price: Money }): Crossable<{ price: Money }, Money> => money
void [plain, back, unknownClass, shareableClass]
