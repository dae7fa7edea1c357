/**
 * What lives on shared memory while races are looked for (`ATONCE_DEBUG=races`): its views are
 * watched, and what is noted about its memory goes along when it crosses. Else nothing of this is
 * there.
 */
import { crossesAs, shareable } from '../declared/shareable.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { raceDetector } from '../runtime/races/here.ts'
import { knowShadow, shadowOf } from '../runtime/races/known-shadows.ts'
import { Shadow } from '../runtime/races/shadow.ts'
import {
  type Behind,
  behindView,
  type Numbers,
  type Watch,
  watchedView,
} from '../runtime/races/watched-view.ts'
import { needsSharedMemory } from './needs-shared-memory.ts'

/** What goes along with shared memory. */
export interface Watched {
  readonly shadow?: Int32Array
}

/** Notes beside a new buffer what its `words` order, and who accesses so many elements. */
export function watchMemory(buffer: ArrayBufferLike, words: number, elements: number): void {
  if (raceDetector() !== undefined) knowShadow(buffer, Shadow.for(words, elements))
}

/** What is to cross with that buffer; undefined if nobody looks for races. */
export function watchedAlong(buffer: ArrayBufferLike): Watched | undefined {
  const shadow = shadowOf(buffer)
  return shadow === undefined ? undefined : { shadow: shadow.memory }
}

/** The buffer has arrived, with what came along. */
export function watchArrived(buffer: ArrayBufferLike, { shadow }: Watched): void {
  if (shadow !== undefined && raceDetector() !== undefined) knowShadow(buffer, shadow)
}

/** The view, watched if its memory is. */
export function watchView<V extends Numbers>(raw: V, where: Omit<Watch, 'shadow'>): V {
  const [shadow, detector] = [shadowOf(raw.buffer), raceDetector()]
  if (shadow === undefined || detector === undefined || behindView(raw) !== undefined) return raw
  const view = watchedView(detector, raw, { ...where, shadow })
  crossesAs(view, WatchedView)
  return view
}

/** Stands for watched views where they cross: as what is behind them, and its memory's shadow. */
class WatchedView {}

// Bundled to CommonJS, there is no import.meta.
shareable(import.meta?.url ?? urlOfCaller(undefined), WatchedView, {
  pack(view: object, crossing) {
    needsSharedMemory(crossing, 'view on shared memory')
    const { raw, watch } = behindView(view) as Behind
    return { raw, watch: { ...watch, shadow: watch.shadow.memory } }
  },
  unpack({ raw, watch }: { raw: Numbers; watch: Omit<Watch, 'shadow'> & Required<Watched> }) {
    watchArrived(raw.buffer, watch)
    return watchView(raw, watch)
  },
})
