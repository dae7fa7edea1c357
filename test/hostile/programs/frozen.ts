/** A program that has frozen the platform's own objects, as `node --frozen-intrinsics` does. */
const frozen = [Object, Array, Function, Promise, Error, Map, Set, String, Number, RangeError, TypeError]
for (const builtIn of [...frozen, AggregateError, AbortSignal, EventTarget, Uint8Array]) {
  Object.freeze(builtIn.prototype)
  Object.freeze(builtIn)
}
// Frozen first: the library finds them so.
const { coroutines, processes, retry, scope, threads } = await import('../../../src/index.ts')
const { fail, same } = await import('../tasks.ts')
const { messageOf } = await import('../../../src/thrown.ts')

const pool = { threads, processes, coroutines }[process.argv[2] as 'threads']()
console.log(await pool.run(same, 'same'), await pool.map(same, [1, 2]))
for (const call of [
  () => pool.run(fail),
  () => pool.map(fail, [[]]),
  () => scope(s => s.spawn(() => fail())),
  () => retry(() => fail(), { attempts: 1 }),
]) {
  const error = await Promise.resolve(call()).catch((error: unknown) => error)
  console.log((error as Error).name, messageOf(error))
}
await pool.close()
