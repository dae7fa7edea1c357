/** What can cross to a worker, as far as a type can tell. */

/** Stands where a type holds what can't cross: the compiler shows it as what was expected. */
type Refused<What extends string, Cure extends string> = `${What} can't cross to a worker: ${Cure}`

/** What crosses whole, though it is an object with methods. */
type Whole =
  | Date
  | RegExp
  | Error
  | ArrayBufferLike
  | ArrayBufferView
  | URL
  | { readonly [Symbol.toStringTag]: 'MessagePort' | 'ReadableStream' | 'WritableStream' | 'TransformStream' }

/**
 * `T`, with a sentence in the place of each part that no worker can be sent: functions, symbols,
 * promises, weak collections. Passing such a part does not compile, and the compiler shows the
 * sentence. Types say nothing about classes: an instance with methods is refused for its methods;
 * name the classes that are `shareable` as `Shareable`. What only a running program can tell,
 * `explainCrossing` in `atonce/choose` says.
 *
 * @example
 *     export const resize = task(import.meta, function resize(job: Crossable<Job>): Size { … })
 *     // Job has `done: () => void`. Passing one: Type '() => void' is not assignable to type
 *   // '"a function can't cross to a worker: pass data, and call a function of the task's module"'.
 */
export type Crossable<T, Shareable = never> = unknown extends T
  ? T // any, unknown
  : T extends Shareable | Whole | string | number | bigint | boolean | null | undefined
    ? T
    : T extends symbol
      ? Refused<'a symbol', 'pass a string'>
      : T extends (...args: never[]) => unknown
        ? Refused<'a function', "pass data, and call a function of the task's module">
        : T extends PromiseLike<unknown>
          ? Refused<'a promise', 'await it first'>
          : T extends WeakMap<WeakKey, unknown> | WeakSet<WeakKey> | WeakRef<WeakKey>
            ? Refused<'a weak collection', 'pass a Map or a Set'>
            : T extends ReadonlyMap<infer K, infer V>
              ? T extends Map<K, V>
                ? Map<Crossable<K, Shareable>, Crossable<V, Shareable>>
                : ReadonlyMap<Crossable<K, Shareable>, Crossable<V, Shareable>>
              : T extends ReadonlySet<infer V>
                ? T extends Set<V>
                  ? Set<Crossable<V, Shareable>>
                  : ReadonlySet<Crossable<V, Shareable>>
                : { [K in keyof T]: Crossable<T[K], Shareable> }
