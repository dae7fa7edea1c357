/**
 * The class of a value. Built-in classes of another realm (a vm context, as test runners make them)
 * count too.
 */
const { types } = process.getBuiltinModule('node:util')

/** The name of its class, for messages; undefined if it has none. */
export function classNameOf(value: object): string | undefined {
  if (types.isProxy(value)) return 'Proxy'
  if (types.isGeneratorObject(value))
    return Object.prototype.toString.call(value) === '[object AsyncGenerator]'
      ? 'AsyncGenerator'
      : 'Generator'
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? name : undefined
}

/**
 * A plain object of another realm (a vm context, as test runners make them): its prototype is that
 * realm's root.
 */
export function isForeignPlain(value: object, prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}

/** Whether the value is of the built-in class itself, of any realm, not of a subclass. */
export function isBuiltIn(value: object, name: string): boolean {
  const prototype = Object.getPrototypeOf(value)
  const above = prototype === null ? null : Object.getPrototypeOf(prototype)
  return above !== null && prototype.constructor?.name === name && Object.getPrototypeOf(above) === null
}

/** Whether it is a built-in view on a buffer, not of a subclass. */
export function isBuiltInView(view: ArrayBufferView): boolean {
  const prototype = Object.getPrototypeOf(view)
  const name: string = prototype?.constructor?.name ?? ''
  return /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$|^DataView$/.test(name)
}

/** Whether it is a plain record, of any realm. */
export function isPlainRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignPlain(value, prototype)
}
