/** What can cross to a worker, as far as a type can tell. */
import type { Channel } from '../channel/channel.ts'
import type { Receiver, Sender } from '../channel/ends.ts'
import type { AtomicCounter } from '../sync/atomic-counter.ts'
import type { Barrier } from '../sync/barrier.ts'
import type { Condition } from '../sync/condition.ts'
import type { Event } from '../sync/event.ts'
import type { Latch } from '../sync/latch.ts'
import type { Mutex } from '../sync/mutex.ts'
import type { Once } from '../sync/once.ts'
import type { Records } from '../sync/records.ts'
import type { ReentrantMutex } from '../sync/reentrant-mutex.ts'
import type { RwLock } from '../sync/rw-lock.ts'
import type { Semaphore } from '../sync/semaphore.ts'
import type { SharedArray } from '../sync/shared-array.ts'

/** Stands where a type holds what can't cross: the compiler shows it as what was expected. */
type Refused<What extends string, Cure extends string> = `${What} can't cross to a worker: ${Cure}`

type Primitive = string | number | bigint | boolean | null | undefined

/** What crosses whole, though it is an object with methods. */
type Whole = Date | RegExp | Error | ArrayBufferLike | ArrayBufferView | OfPlatform | OfLibrary

/** What the platform hands to another thread, by what it has and nothing else does. */
type OfPlatform =
  | { readonly [Symbol.toStringTag]: 'MessagePort' | 'ReadableStream' | 'WritableStream' | 'TransformStream' }
  | { readonly locked: boolean; getReader(...options: never[]): unknown }
  | { readonly locked: boolean; getWriter(): unknown }
  | { readonly readable: { readonly locked: boolean }; readonly writable: { readonly locked: boolean } }
  | { postMessage(...message: never[]): void; start(): void; close(): void }
  // Blob and File.
  | {
      readonly size: number
      readonly type: string
      arrayBuffer(): unknown
      slice(...range: never[]): unknown
    }
  // FileHandle.
  | { readonly fd: number; stat(...options: never[]): unknown; datasync(): unknown }
  // KeyObject, CryptoKey.
  | { readonly type: string; export(...options: never[]): unknown; equals(other: never): boolean }
  | { readonly algorithm: object; readonly extractable: boolean; readonly usages: readonly string[] }
  // X509Certificate, BlockList, SocketAddress, histograms.
  | { readonly fingerprint256: string; readonly raw: unknown; checkHost(...name: never[]): unknown }
  | { readonly rules: readonly string[]; addAddress(...address: never[]): void }
  | { readonly address: string; readonly port: number; readonly family: string; readonly flowlabel: number }
  | { readonly exceeds: number; percentile(percent: never): number }
  // WebAssembly.Memory.
  | { readonly buffer: ArrayBufferLike; grow(pages: never): number }

type OfLibrary =
  | Sender<never>
  | Receiver<unknown>
  | AtomicCounter
  | Barrier
  | Condition
  | Event
  | Latch
  | Mutex
  | Once
  | Records<any>
  | ReentrantMutex
  | RwLock
  | Semaphore
  | SharedArray<any>

/** The sentence for what can't cross; `never` for what is looked into. */
type RefusalOf<T> = T extends symbol
  ? Refused<'a symbol', 'pass a string'>
  : T extends abstract new (
        ...args: never[]
      ) => unknown
    ? Refused<'a class', "pass data, and use a class of the task's module">
    : T extends Function
      ? Refused<'a function', "pass data, and call a function of the task's module">
      : T extends PromiseLike<unknown>
        ? Refused<'a promise', 'await it first'>
        : T extends readonly unknown[] | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
          ? never
          : RefusalOfObject<T>

type RefusalOfObject<T> = T extends WeakMap<WeakKey, unknown> | WeakSet<WeakKey> | WeakRef<WeakKey>
  ? Refused<'a weak collection', 'pass a Map or a Set'>
  : T extends
        | { readonly aborted: boolean; throwIfAborted(): void }
        | { readonly signal: AbortSignal; abort(reason?: unknown): void }
    ? Refused<'an AbortSignal', 'use executor.with({ signal }), and context().signal in the task'>
    : T extends { readonly href: string; readonly searchParams: unknown; toJSON(): string }
      ? Refused<'a URL', 'pass url.href'>
      : T extends { readonly bodyUsed: boolean; arrayBuffer(): unknown }
        ? Refused<'a Request or a Response', 'pass its parts, and await arrayBuffer()'>
        : T extends Iterable<unknown> | AsyncIterable<unknown> | Iterator<unknown>
          ? Refused<'an iterator', 'collect it into an array first'>
          : never

/**
 * `T`, with a sentence in the place of each part that no worker can be sent: functions, classes,
 * symbols, promises, iterators, weak collections. Passing such a part does not compile, and the
 * compiler shows the sentence. Types say nothing about classes of a program: an instance with
 * methods is refused for its methods; name the classes that are `shareable` as `Shareable`. What
 * goes to threads only is let through. What only a running program can tell, `explainCrossing` in
 * `atonce/choose` says. `Around` is the compiler's own: the tuples it is within.
 *
 * @example
 *     interface Job { file: string; done?: () => void }
 *     export const resize = task(import.meta, function resize(job: Crossable<Job>): Size { … })
 *     pool.run(resize, { file, done: () => {} })
 *     // Type '() => void' is not assignable to type '"a function can't cross to a worker: …"'.
 */
export type Crossable<T, Shareable = never, Around = never> = unknown extends T
  ? T // any, unknown
  : T extends Shareable | Primitive
    ? T
    : T extends Channel<any>
      ? Refused<'a Channel', 'pass one of its ends, channel.sender or channel.receiver'>
      : T extends Whole
        ? T
        : [RefusalOf<T>] extends [never]
          ? Parts<T, Shareable, Around>
          : RefusalOf<T>

/** Of what is copied part by part. */
type Parts<T, Shareable, Around> =
  T extends ReadonlyMap<infer K, infer V>
    ? T extends Map<K, V>
      ? Map<Crossable<K, Shareable>, Crossable<V, Shareable>>
      : ReadonlyMap<Crossable<K, Shareable>, Crossable<V, Shareable>>
    : T extends ReadonlySet<infer V>
      ? T extends Set<V>
        ? Set<Crossable<V, Shareable>>
        : ReadonlySet<Crossable<V, Shareable>>
      : T extends readonly unknown[]
        ? Items<T, Shareable, Around>
        : {
            [K in keyof T]: K extends symbol
              ? Refused<'a property named by a symbol', 'name it by a string'>
              : Crossable<T[K], Shareable>
          }

/**
 * The compiler looks into `X[]` when it needs to, into a mapped array at once: one whose items hold
 * such arrays again (JSON) would never end. A tuple has no such form. So a tuple within itself
 * stands as it is there.
 */
type Items<T, Shareable, Around> = T extends readonly (infer Item)[]
  ? readonly Item[] extends T
    ? readonly Crossable<Item, Shareable>[]
    : Item[] extends T
      ? Crossable<Item, Shareable>[]
      : T extends Around
        ? T
        : // An array that has names besides keeps its methods.
          { [K in keyof T]: K extends OwnOfArrays ? T[K] : Crossable<T[K], Shareable, Around | T> }
  : never

type OwnOfArrays = Exclude<keyof unknown[], number>
