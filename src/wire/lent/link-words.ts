/**
 * The shared memory beside a link between threads. Ports wake event loops; these words wake a
 * thread that blocks, and say when a thread has died.
 *
 *     owner's side: postMessage ─▶ said + 1, notify ─┊─▶ far side: look, read the port, sleep while `said` is what it was
 *
 * To a thread that looks, they speak alone: of what was taken no message tells it (`looksWord`).
 */
import { isAlive, selfAgent } from '../../runtime/agents.ts'
import { add, load, notify, store } from '../../runtime/atomics.ts'

export type LinkWords = Int32Array

/**
 * Polling a word slows down writers to its cache line. So words that are polled lie apart from
 * those that are written for each item.
 */
const apart = 128 / Int32Array.BYTES_PER_ELEMENT

/**
 * How many items the side that they come to has taken. Where receivers on loan take them it is
 * written for each, as it is read once they are gone.
 */
export const takenWord = 0
/** How often the owner's side has spoken. */
export const saidWord = apart
/** 1 once the owner's side has closed the link. */
const leftWord = apart + 1
/** The number of the owner's thread; 0 if it has none. */
const ownerWord = apart + 2
/** How often the far side has spoken. */
export const saidBackWord = 2 * apart
/**
 * 1 while the side that items come from looks again and again at what the other one has said: then
 * `taken` is a word only.
 *
 *     taken: store takenWord, then load looksWord: 1 ─▶ said, or saidBack, + 1      0 ─▶ a message
 *     it looks no more: store looksWord 0, then load takenWord
 *
 * Both store before they load, in one order for all threads: so one of them sees the other.
 */
const looksWord = 3 * apart

/** Made on the owner's thread, which has the number `owner`. */
export function newLinkWords(owner: number = selfAgent()): LinkWords {
  const words = new Int32Array(new SharedArrayBuffer(4 * apart * Int32Array.BYTES_PER_ELEMENT))
  words[ownerWord] = owner // No other thread has seen it yet.
  return words
}

/**
 * Wakes a far side that blocks: there is something to read. Pairs with the load in standing.ts.
 */
export function noteSaid(words: LinkWords): void {
  add(words, saidWord, 1)
  notify(words, saidWord, 1)
}

/** Read by an owner's side that polls; it never blocks. */
export function noteSaidBack(words: LinkWords): void {
  add(words, saidBackWord, 1)
}

/** Says whether this side, that items come from, looks. */
export function noteLooks(words: LinkWords, looks: boolean): void {
  store(words, looksWord, looks ? 1 : 0)
}

/** Says how many items were taken in all; whether the side that they come from sees that. */
export function noteTaken(words: LinkWords, total: number): boolean {
  store(words, takenWord, total)
  return load(words, looksWord) === 1
}

/** The owner's side sends nothing more. */
export function noteLeft(words: LinkWords): void {
  store(words, leftWord, 1)
  noteSaid(words)
}

/** Whether the channel lives on this very thread, as that of a nested call may. */
export function ownerIsHere(words: LinkWords): boolean {
  return load(words, ownerWord) === selfAgent()
}

/**
 * Whether nothing will be said any more, as the owner's side has closed the link or its thread has
 * died.
 */
export function ownerIsGone(words: LinkWords): boolean {
  const owner = load(words, ownerWord)
  return load(words, leftWord) === 1 || (owner !== 0 && !isAlive(owner))
}
