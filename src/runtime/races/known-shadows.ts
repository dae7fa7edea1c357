/** Which shared buffers of this thread have a shadow, and which views are watched. */
import { Shadow } from './shadow.ts'

const shadows = new WeakMap<ArrayBufferLike, Shadow>()

export function shadowOf(buffer: ArrayBufferLike): Shadow | undefined {
  return shadows.get(buffer)
}

/** Notes the shadow of a buffer: made here, or its memory as it came from another thread. */
export function knowShadow(buffer: ArrayBufferLike, shadow: Shadow | Int32Array): Shadow {
  const known = shadows.get(buffer)
  if (known !== undefined) return known
  const made = shadow instanceof Shadow ? shadow : Shadow.of(shadow)
  shadows.set(buffer, made)
  return made
}
