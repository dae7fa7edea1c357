/**
 * Which of a list gets a key: always the same one while it lives, and each of the list as many keys
 * as the others.
 *
 *     key ─▶ a number ─▶ one of the list ─▶ lives? it is the one
 *               ▲                             └─ has ended ─┐
 *               └──────────── the next number ◀────────────┘
 *
 * One that ends gives its keys to all others alike, and no other key moves. The number leads to
 * one of the list by the jump hash of John Lamping and Eric Veach, "A Fast, Minimal Memory,
 * Consistent Hash Algorithm" (2014), in some ln(n) steps: in a list with one more at its end only
 * that one gets keys of others.
 */

/** What has a key in a list of `count`; undefined if nobody in it `lives`. */
export class ByKey {
  readonly #count: number
  /** Those that were found to have ended. */
  readonly #ended = new Set<number>()

  constructor(count: number) {
    this.#count = count
  }

  /** The place in the list; `lives` says whether that one does. */
  find(key: string | number, lives: (at: number) => boolean): number | undefined {
    for (let number = hash(String(key)); this.#ended.size < this.#count; number = next(number)) {
      const at = jump(number, this.#count)
      if (this.#ended.has(at)) continue
      if (lives(at)) return at
      this.#ended.add(at)
    }
    return undefined
  }
}

function jump(number: number, count: number): number {
  let at = 0
  let chance = number
  for (let further = 0; further < count; ) {
    at = further
    chance = mixed(chance ^ 0x5bd1e995)
    further = Math.floor((at + 1) / ((chance + 1) / 2 ** 32))
  }
  return at
}

/** A sequence without a circle shorter than all numbers; its step is the golden ratio's. */
function next(number: number): number {
  return (number + 0x9e3779b9) >>> 0
}

/** FNV-1a (Fowler, Noll, Vo). */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return mixed(value)
}

/** Keys differ in their last letters only. The last step of MurmurHash3 (Austin Appleby). */
function mixed(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
