/**
 * Private fields in the text of a class: an entity's state can't be read from them.
 *
 *     class ─▶ its text, and that of its base classes ─▶ tokens ─▶ `#name` in the class's own body
 */
import type { Definition } from '../../actors/contract.ts'
import { InvalidActorError } from '../../actors/errors.ts'

const known = new WeakMap<object, readonly string[]>()

/**
 * `#private` methods, accessors and static fields are no state, and allowed.
 * @throws InvalidActorError if instances have fields that would not be kept
 */
export function checkFields({ make, name }: Pick<Definition, 'make' | 'name'>): void {
  for (let cls: unknown = make; typeof cls === 'function'; cls = Object.getPrototypeOf(cls)) {
    const [field] = privateFieldsOf(cls)
    if (field === undefined) continue
    const whose = cls === make ? 'its field' : `in its base class ${cls.name} the field`
    throw new InvalidActorError(
      `${name} can't be an entity: ${whose} ${field} is private, and only plain fields are kept in the store. ` +
        `Make it a plain one; in TypeScript: private ${field.slice(1)} = …`,
    )
  }
}

function privateFieldsOf(cls: object): readonly string[] {
  const found = known.get(cls) ?? privateFieldsIn(Function.prototype.toString.call(cls))
  known.set(cls, found)
  return found
}

/** The names of the private fields that the instances of a class with this text have. */
export function privateFieldsIn(text: string): string[] {
  if (!/^class\b/.test(text)) return []
  const tokens = tokensOf(text)
  const fields: string[] = []
  let depth = 0
  for (const [at, token] of tokens.entries()) {
    if (/^[([{]$/.test(token)) depth += 1
    else if (/^[)\]}]$/.test(token)) depth -= 1
    else if (depth === 1 && token.startsWith('#')) {
      const [before, after] = [tokens[at - 1] as string, tokens[at + 1] as string]
      if (!['.', '?.', 'static'].includes(before) && !['(', 'in'].includes(after)) fields.push(token)
    }
  }
  return fields
}

const blank = /(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)+/y
const word = /#?[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*/uy
const text = /'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"/y
const template = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y
const pattern = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y
const sign = /\?\.(?!\d)|\+\+|--|[\s\S]/uy
/** Behind these a slash divides; behind all else it begins a pattern. */
const operand =
  /^(?:[)\]}"'`\d#]|\+\+|--)|^(?!(?:await|case|delete|do|else|in|instanceof|new|of|return|throw|typeof|void|yield)$)[\p{ID_Start}$_]/u

/** The tokens of a program that has compiled; texts, patterns and templates are one quote each. */
function tokensOf(source: string): string[] {
  const tokens: string[] = []
  /** Of each brace that is open: whether a template goes on behind it. */
  const braces: boolean[] = []
  let at = 0
  const take = (kind: RegExp): string | undefined => {
    kind.lastIndex = at
    const found = kind.exec(source)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const takeTemplate = () => {
    const goesOn = take(template)?.endsWith('${') === true
    if (goesOn) braces.push(true)
    tokens.push(goesOn ? ',' : '`')
  }
  while (at < source.length) {
    if (take(blank) !== undefined) continue
    const name = take(word)
    if (name !== undefined) tokens.push(name)
    else if (take(text) !== undefined) tokens.push('"')
    else if (source[at] === '/' && !operand.test(tokens.at(-1) ?? '') && take(pattern) !== undefined)
      tokens.push('"')
    else {
      const found = take(sign) as string
      if (found === '`') takeTemplate()
      else if (found === '}' && braces.pop() === true) takeTemplate()
      else {
        if (found === '{') braces.push(false)
        tokens.push(found)
      }
    }
  }
  return tokens
}
