/**
 * The `#private` names of instances in a class's text: a copy of the instance's own data would be
 * without them, and each method that uses one would throw.
 *
 * The text is only read. A build that rewrites private names (to WeakMaps, for old targets) hides
 * them from here.
 */
import { isComment, skipText } from './source-text.ts'

/**
 * The first private name of the class, or of one that it extends, that an instance would lack;
 * undefined if there is none.
 */
export function privateNameOf(declared: Function): string | undefined {
  for (
    let at: unknown = declared;
    typeof at === 'function' && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    const found = privateNameIn(Function.prototype.toString.call(at))
    if (found !== undefined) return found
  }
  return undefined
}

/** From a text, since V8 checks literals when it reads a module, which takes long for such sets. */
const nameText = '[\\p{ID_Start}$_][\\p{ID_Continue}$]*'

function privateNameIn(text: string): string | undefined {
  const word = new RegExp(nameText, 'uy')
  const name = new RegExp(`#${nameText}`, 'uy')
  const found = new Set<string>()
  const ofTheClass = new Set<string>()
  let before = '{'
  let words: string[] = []
  for (let at = 0; at < text.length; at += 1) {
    const after = skipText(text, at, words.length > 0 && leadsToValue.has(words.at(-1) ?? '') ? '=' : before)
    if (after !== at) {
      if (!isComment(text, at)) {
        before = text[at] as string
        words = []
      }
      at = after - 1
      continue
    }
    const sign = text[at] as string
    if (/\s/.test(sign)) continue
    word.lastIndex = at
    const [run] = word.exec(text) ?? []
    if (run !== undefined) {
      words.push(run)
      at += run.length - 1
      before = 'x'
      continue
    }
    name.lastIndex = at
    const [hidden] = name.exec(text) ?? []
    if (hidden !== undefined) {
      if (words.includes('static')) ofTheClass.add(hidden)
      found.add(hidden)
      at += hidden.length - 1
      before = 'x'
      words = []
      continue
    }
    before = sign
    if (sign !== '*') words = [] // `static async *#name`
  }
  for (const hidden of found) if (!ofTheClass.has(hidden)) return hidden
  return undefined
}

/** After these words `/` begins a pattern. */
const leadsToValue = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'await',
  'yield',
])
