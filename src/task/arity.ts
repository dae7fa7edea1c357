/**
 * How many parameters a function declares.
 *
 * `fn.length` stops at the first default value, and `map` must know whether `f(a, b = 1)` takes items or tuples. So the
 * parameter list is counted in the function's text: top-level commas, with strings, templates, comments and brackets
 * skipped. The text is only read, never run or changed.
 */

const counted = new WeakMap<Function, number>()

/** Parameters of the function, with optional, default and rest ones; a rest parameter counts as two, since it takes any number. */
export function parameterCount(fn: Function): number {
  const known = counted.get(fn)
  if (known !== undefined) return known
  const count = fn.length >= 2 ? fn.length : countIn(String(fn), fn.length)
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
  for (let at = start + 1; at < text.length; at += 1) {
    const after = skipText(text, at)
    if (after !== at) {
      if (text[at] !== '/') inParameter = true
      at = after - 1
      continue
    }
    const sign = text[at] as string
    if (sign === ')' && depth === 0) return parameters + (inParameter ? 1 : 0) + (rest ? 1 : 0)
    if ('([{'.includes(sign)) depth += 1
    else if (')]}'.includes(sign)) depth -= 1
    else if (sign === ',' && depth === 0) {
      if (inParameter) parameters += 1
      inParameter = false
      continue
    }
    if (!/\s/.test(sign)) {
      if (!inParameter && text.startsWith('...', at)) rest = true
      inParameter = true
    }
  }
  return otherwise
}

/** Where the list's bracket stands; −1 for an arrow function without brackets; undefined if there is no list to read. */
function listStart(text: string): number | undefined {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) return undefined
  for (let at = 0; at < text.length; at += 1) {
    const after = skipText(text, at)
    if (after !== at) {
      at = after - 1
      continue
    }
    if (text[at] === '(') return at
    if (text.startsWith('=>', at)) return -1
    if (text[at] === '{') return undefined
  }
  return undefined
}

/** The end of the comment, string or template that begins at `at`, or `at` itself. */
function skipText(text: string, at: number): number {
  const sign = text[at] as string
  if (sign === '/' && text[at + 1] === '/') return endAfter(text, '\n', at)
  if (sign === '/' && text[at + 1] === '*') return endAfter(text, '*/', at + 2)
  if (!'"\'`'.includes(sign)) return at
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === sign) return end + 1
  }
  return text.length
}

function endAfter(text: string, closing: string, from: number): number {
  const end = text.indexOf(closing, from)
  return end === -1 ? text.length : end + closing.length
}
