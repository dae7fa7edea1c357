/**
 * The platform's own objects that can go from thread to thread, apart from the well-known types of
 * structured clone.
 */
import { classNameOf } from './class-of.ts'

/**
 * What is copied between threads, by the name of its class; and what to pass to another process
 * instead.
 */
const copied = new Map<string, string>([
  ['Blob', 'Pass await blob.arrayBuffer(), and make the Blob in the task.'],
  ['File', 'Pass await file.arrayBuffer() and file.name, and make the File in the task.'],
  ['SecretKeyObject', 'Pass key.export(), and make the key in the task: createSecretKey(bytes).'],
  [
    'PublicKeyObject',
    "Pass key.export({ type: 'spki', format: 'der' }), and make the key in the task: createPublicKey.",
  ],
  [
    'PrivateKeyObject',
    "Pass key.export({ type: 'pkcs8', format: 'der' }), and make the key in the task: createPrivateKey.",
  ],
  ['CryptoKey', "Pass await crypto.subtle.exportKey('jwk', key), and import it in the task."],
  ['X509Certificate', 'Pass certificate.raw, and make the X509Certificate in the task.'],
  ['BlockList', 'Pass blockList.rules, and make the BlockList in the task.'],
  ['SocketAddress', 'Pass { address, port, family } of it, and make the SocketAddress in the task.'],
  ['RecordableHistogram', 'Pass the figures that you need: { mean: histogram.mean, max: histogram.max }.'],
  ['Histogram', 'Pass the figures that you need: { mean: histogram.mean, max: histogram.max }.'],
  ['ELDHistogram', 'Pass the figures that you need: { mean: histogram.mean, max: histogram.max }.'],
  ['IntervalHistogram', 'Pass the figures that you need: { mean: histogram.mean, max: histogram.max }.'],
])

/**
 * Whether the platform's copy keeps instances of these classes, by their prototypes; others may
 * bear the same names.
 */
const keptBy = new WeakMap<object, boolean>()

/** Whether `postMessage` copies it as what it is: a Blob, a key, a list of addresses. */
export function isCopiedBetweenThreads(value: object): boolean {
  const name = classNameOf(value)
  if (name === undefined || !copied.has(name)) return false
  const prototype = Object.getPrototypeOf(value)
  let kept = keptBy.get(prototype)
  if (kept === undefined) {
    kept = isKept(value)
    keptBy.set(prototype, kept)
  }
  return kept
}

/**
 * Tries it: an instance of a class of the program becomes a plain object in the platform's copy.
 */
function isKept(value: object): boolean {
  try {
    return Object.getPrototypeOf(structuredClone(value)) !== Object.prototype
  } catch {
    return false
  }
}

/** What to pass to another process instead. */
export function insteadOfCopy(value: object): string {
  return copied.get(classNameOf(value) ?? '') ?? ''
}
