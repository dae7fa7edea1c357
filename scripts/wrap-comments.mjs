// Wraps comments at 100 columns; `npm run format` runs it. A paragraph without a wider line is left
// as it is, and so are pictures, tables, code and directives.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const columns = 100
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.mjs'], {
  encoding: 'utf8',
})

for (const file of files.trim().split('\n').filter(existsSync)) {
  const text = readFileSync(file, 'utf8')
  const wrapped = wrapFile(text.split('\n')).join('\n')
  if (wrapped !== text) writeFileSync(file, wrapped)
}

function wrapFile(lines) {
  const out = []
  for (let at = 0; at < lines.length; ) {
    const [, indent, mark] = /^(\s*)(\/\/|\/\*)/.exec(lines[at]) ?? []
    let end = at + 1
    if (mark === '//') while (lines[end]?.startsWith(`${indent}//`)) end += 1
    if (mark === '/*') while (!lines[end - 1].includes('*/') && end < lines.length) end += 1
    const block = lines.slice(at, end)
    if (mark === undefined || block.every(line => line.length <= columns)) out.push(...block)
    else if (mark === '//') out.push(...wrapBlock(block, `${indent}//`))
    else out.push(...wrapDocument(block, indent))
    at = end
  }
  return out
}

/** `block` from its opening to its closing line; both stand alone afterwards. */
function wrapDocument(block, indent) {
  if (!block.at(-1).endsWith('*/')) return block // Code follows.
  const texts = block.map(line => line.replace(/^\s*(\/\*\*?|\*(?!\/)) ?/, '').replace(/\s*\*\/$/, ''))
  while (texts[0] === '') texts.shift()
  while (texts.at(-1) === '') texts.pop()
  const bare = `${indent} *`
  const inner = wrapBlock(
    texts.map(text => `${bare} ${text}`.trimEnd()),
    bare,
  )
  return [`${indent}/**`, ...inner, `${indent} */`]
}

function wrapBlock(block, bare) {
  const out = []
  let paragraph = []
  const flush = () => {
    out.push(...wrapParagraph(paragraph, `${bare} `))
    paragraph = []
  }
  for (const line of block) {
    const text = line.slice(bare.length).replace(/^ /, '')
    if (text === '' || isKept(text, paragraph)) {
      flush()
      out.push(line)
      continue
    }
    if (/^([-*]|\d+\.) |^@\w/.test(text)) flush()
    paragraph.push(text)
  }
  flush()
  return out
}

/** A picture, a table, code, or what a tool reads. */
function isKept(text, paragraph) {
  const continuesList = /^([-*]|\d+\.) |^@\w/.test(paragraph[0] ?? '')
  return (/^ {2,}/.test(text) && !continuesList) || /[─▶◀│┊└┌┴┬├▲▼]|^(biome-ignore|@ts-|\||```)/.test(text)
}

/** From its first line that is too wide on. */
function wrapParagraph(texts, prefix) {
  const first = texts.findIndex(text => prefix.length + text.length > columns)
  if (first === -1) return texts.map(text => prefix + text)
  const [list = ''] = /^([-*]|\d+\.) +/.exec(texts[0]) ?? []
  const hang = ' '.repeat(list === '' && /^@\w/.test(texts[0]) ? 2 : list.length)
  const out = texts.slice(0, first).map(text => prefix + text)
  // Code in backticks and {@link …} stay whole.
  const words = texts
    .slice(first)
    .join(' ')
    .match(/(?:`[^`]*`|\{@[^}]*\}|\S)+/g)
  let line = prefix + (first > 0 ? hang : '') + words.shift()
  for (const word of words) {
    if (line.length + 1 + word.length <= columns) line += ` ${word}`
    else {
      out.push(line)
      line = prefix + hang + word
    }
  }
  return [...out, line]
}
