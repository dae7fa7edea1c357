/**
 * What to do about a value that can't be copied: the last sentence of its refusal. A test tries
 * each piece of advice.
 */
import { sharedClassAbove } from '../declared/shareable.ts'

/** Of classes that the platform or this library gives, by their names. */
const known = new Map([
  ['Channel', 'It stays where it was made: pass one of its ends, channel.sender or channel.receiver.'],
  ['Promise', 'Await it first.'],
  ['WeakMap', 'Its entries can be seen by nobody; pass a Map.'],
  ['WeakSet', 'Its entries can be seen by nobody; pass a Set.'],
  ['WeakRef', 'Pass what it refers to.'],
  ['Generator', 'Collect it first: [...generator]; or call the task that returns it with stream().'],
  [
    'AsyncGenerator',
    'Collect it first: await Array.fromAsync(generator); or call the task that returns it with stream().',
  ],
  ['Iterator', 'Collect it first: [...iterator].'],
  ['Symbol', 'Pass a string instead.'],
  ['Timeout', 'Start it in the task.'],
  ['Dirent', 'Pass its name, and what else you need of it.'],
  ['URL', 'Pass url.href, and make the URL in the task.'],
  ['URLSearchParams', 'Pass String(params), and make the URLSearchParams in the task.'],
  ['Headers', 'Pass [...headers], and make the Headers in the task.'],
  ['FormData', 'Pass [...form], and make the FormData in the task.'],
  ['Request', 'Pass request.url and await request.arrayBuffer(), or make the Request in the task.'],
  ['Response', 'Pass response.status and await response.arrayBuffer().'],
  ['AbortSignal', 'Use executor.with({ signal }) and context().signal in the task.'],
  ['AbortController', 'Use executor.with({ signal }) and context().signal in the task.'],
  ['TextDecoder', 'Make one in the task.'],
  ['TextEncoder', 'Make one in the task.'],
  ['Stats', 'Pass what you need of it: { size: stats.size, mtimeMs: stats.mtimeMs }.'],
  ['Proxy', 'Pass the object behind it.'],
])

/** The cure for an instance of a class of that name. */
export function cureFor(value: object, name: string | undefined): string {
  const cure = known.get(name ?? '')
  if (cure !== undefined) return cure
  if (name === undefined) return 'A copy would lose its class. Pass a plain object: { ...it }.'
  if (value instanceof process.getBuiltinModule('node:stream').Stream)
    return 'Read it first, or open it in the task. To a thread it can move as a web stream: move(Readable.toWeb(stream)).'
  const above = sharedClassAbove(Object.getPrototypeOf(value))
  if (above !== undefined)
    return `Its superclass ${above.address.name} is shareable; declare the subclass too: shareable(import.meta, ${name}).`
  if (isOfPlatform(value))
    return `It belongs to the platform, and no copy holds what it is. Pass the data that it was made of, and make the ${name} in the task.`
  const variable = `${name[0]?.toLowerCase()}${name.slice(1)}`
  if (isPlainWithin(value))
    return `A copy would lose its class. Make the class shareable: shareable(import.meta, ${name}); or pass a plain object: { ...${variable} }, and make the ${name} in the task.`
  return `A copy would lose its class and what it keeps beside plain data. Say what is to be sent: shareable(import.meta, ${name}, { pack, unpack }); or pass the data that the task needs of it.`
}

/** Whether its class is one that every program has. */
function isOfPlatform(value: object): boolean {
  const made: unknown = Object.getPrototypeOf(value)?.constructor
  if (typeof made !== 'function') return false
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(made)) || isGlobal(made)
}

function isGlobal(made: Function): boolean {
  const found = Object.getOwnPropertyDescriptor(globalThis, made.name)
  return found !== undefined && 'value' in found && found.value === made
}

/** Whether spreading it into a plain object would keep all its own data. */
function isPlainWithin(value: object): boolean {
  if (ArrayBuffer.isView(value)) return false // Its names are those of its numbers.
  const names = Reflect.ownKeys(value)
  if (names.length === 0) return false // Its data is private.
  return names.every(name => {
    const found = Object.getOwnPropertyDescriptor(value, name)
    return (
      typeof name === 'string' &&
      found?.enumerable === true &&
      typeof found.value !== 'function' &&
      typeof found.value !== 'symbol'
    )
  })
}
