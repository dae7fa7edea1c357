const objectPrototype = Object.prototype
const { hasOwnProperty: hasOwn } = objectPrototype

/**
 * Sets a property of a fresh record. A name that `Object.prototype` has too is only data: it may be
 * frozen, or have a setter.
 */
export function define(record: Record<string, unknown>, key: string, value: unknown): void {
  if (hasOwn.call(objectPrototype, key))
    Object.defineProperty(record, key, {
      __proto__: null,
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    } as PropertyDescriptor)
  else record[key] = value
}
