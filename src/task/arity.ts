/**
 * How many parameters a function declares.
 *
 * `fn.length` stops at the first default value, and `map` must know whether `f(a, b = 1)` takes items or tuples. So the
 * parameter list is counted in the function's text: top-level commas, with strings, templates, patterns, comments and
 * brackets skipped. The text is only read, never run or changed.
 */

const counted = new WeakMap<Function, number>()

/** Parameters of the function, with optional, default and rest ones; a rest parameter counts as two, since it takes any number. */
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

/** Where the list's bracket stands; −1 for an arrow function without brackets; undefined if there is no list to read. */
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

/** The end of the comment, string, template or pattern that begins at `at`, or `at` itself; `before` is the last sign. */
function skipText(text: string, at: number, before: string): number {
  const sign = text[at] as string
  if (isComment(text, at))
    return text[at + 1] === '/' ? endAfter(text, '\n', at) : endAfter(text, '*/', at + 2)
  if (sign === '`') return skipTemplate(text, at)
  // After a value `/` divides; elsewhere it begins a pattern.
  if (sign === '/' && before !== '' && '=(,:[!&|?{};+-*%^~<>'.includes(before)) return skipPattern(text, at)
  if (sign !== '"' && sign !== "'") return at
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === sign) return end + 1
  }
  return text.length
}

function isComment(text: string, at: number): boolean {
  return text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*')
}

function skipTemplate(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === '`') return end + 1
    else if (text.startsWith('${', end)) end = skipSubstitution(text, end + 2) - 1
  }
  return text.length
}

/** The end of `${…}`, where any code may stand, templates too. */
function skipSubstitution(text: string, from: number): number {
  let depth = 1
  let before = '{'
  for (let at = from; at < text.length; at += 1) {
    const after = skipText(text, at, before)
    if (after !== at) {
      at = after - 1
      continue
    }
    const sign = text[at] as string
    if (!/\s/.test(sign)) before = sign
    if (sign === '{') depth += 1
    else if (sign === '}') depth -= 1
    if (depth === 0) return at + 1
  }
  return text.length
}

function skipPattern(text: string, at: number): number {
  let inClass = false
  for (let end = at + 1; end < text.length; end += 1) {
    const sign = text[end]
    if (sign === '\\') end += 1
    else if (sign === '[') inClass = true
    else if (sign === ']') inClass = false
    else if (sign === '/' && !inClass) return end + 1
  }
  return text.length
}

function endAfter(text: string, closing: string, from: number): number {
  const end = text.indexOf(closing, from)
  return end === -1 ? text.length : end + closing.length
}
