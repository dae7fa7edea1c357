/**
 * How many parameters a function declares.
 *
 * `fn.length` stops at the first default value, and `map` must know whether `f(a, b = 1)` takes
 * items or tuples. So the parameter list is counted in the function's text: top-level commas, with
 * strings, templates, patterns, comments and brackets skipped. The text is only read, never run or
 * changed.
 */

import { isComment, skipText } from '../declared/source-text.ts'

const counted = new WeakMap<Function, number>()

/**
 * Parameters of the function, with optional, default and rest ones; a rest parameter counts as two,
 * since it takes any number.
 */
export function parameterCount(fn: Function): number {
  const known = counted.get(fn)
  if (known !== undefined) return known
  const count = Math.max(fn.length, countIn(String(fn), fn.length))
  counted.set(fn, count)
  return count
}

function countIn(text: string, otherwise: number): number {
  const start = listStart(text)
  if (start === undefined) return otherwise
  if (start < 0) return 1 // `x => …`: one bare name.
  let parameters = 0
  let depth = 0
  let inParameter = false
  let rest = false
  let before = '('
  for (let at = start + 1; at < text.length; at += 1) {
    const after = skipText(text, at, before)
    if (after !== at) {
      if (!isComment(text, at)) {
        inParameter = true
        before = text[at] as string
      }
      at = after - 1
      continue
    }
    const sign = text[at] as string
    if (/\s/.test(sign)) continue
    before = sign
    if (sign === ')' && depth === 0) return parameters + (inParameter ? 1 : 0) + (rest ? 1 : 0)
    if (sign === ',' && depth === 0) {
      if (inParameter) parameters += 1
      inParameter = false
      continue
    }
    if ('([{'.includes(sign)) depth += 1
    else if (')]}'.includes(sign)) depth -= 1
    if (!inParameter && text.startsWith('...', at)) rest = true
    inParameter = true
  }
  return otherwise
}

/**
 * Where the list's bracket stands; −1 for an arrow function without brackets; undefined if there is
 * no list to read.
 */
function listStart(text: string): number | undefined {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) return undefined
  let inName = 0
  for (let at = 0; at < text.length; at += 1) {
    const after = skipText(text, at, '')
    if (after !== at) {
      at = after - 1
      continue
    }
    // A method's name may be computed, by any expression: `[nameOf(it)](a, b) {}`.
    if (text[at] === '[') inName += 1
    else if (text[at] === ']') inName -= 1
    if (inName > 0) continue
    if (text[at] === '(') return at
    if (text.startsWith('=>', at)) return -1
    if (text[at] === '{') return undefined
  }
  return undefined
}
