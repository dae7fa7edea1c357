/**
 * Reading the text of a function or a class, where comments, strings, templates and patterns are no
 * code.
 */

/**
 * The end of the comment, string, template or pattern that begins at `at`, or `at` itself; `before`
 * is the last sign.
 */
export function skipText(text: string, at: number, before: string): number {
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

/** Whether a comment begins at `at`. */
export function isComment(text: string, at: number): boolean {
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
