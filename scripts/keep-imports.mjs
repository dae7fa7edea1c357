// Marks the imports of what only the running program knows: the modules of tasks. A bundler would
// put something of its own in their place. In the sources they are marked too, but comments are
// lost with the white space.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What tells bundlers to leave an import to Node: webpack, Rspack, ncc and Turbopack the first,
 * Vite the second.
 */
const leaveToNode = '/*webpackIgnore:true*//*@vite-ignore*/'

/** Marks them in all that was bundled into `folder`. */
export function keepImports(folder) {
  let marked = 0
  for (const name of readdirSync(folder)) if (name.endsWith('.js')) marked += markIn(join(folder, name))
  if (marked === 0) throw new Error(`No import of a task's module was found in ${folder}.`)
}

function markIn(file) {
  const lines = readFileSync(file, 'utf8').split('\n')
  const map = JSON.parse(readFileSync(`${file}.map`, 'utf8'))
  const mappings = map.mappings.split(';')
  let marked = 0
  for (const [at, line] of lines.entries()) {
    const found = /\bimport\((?=[\w$.]+\))/.exec(line)
    if (found === null) continue
    const column = found.index + found[0].length
    lines[at] = line.slice(0, column) + leaveToNode + line.slice(column)
    mappings[at] = shifted(mappings[at] ?? '', column, leaveToNode.length)
    marked += 1
  }
  if (marked === 0) return 0
  writeFileSync(file, lines.join('\n'))
  writeFileSync(`${file}.map`, JSON.stringify({ ...map, mappings: mappings.join(';') }))
  return marked
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * One line's mappings after `by` signs were put in at `column`: each segment begins with how far it
 * is from the last one.
 */
function shifted(mappings, column, by) {
  let at = 0
  let moved = false
  return mappings
    .split(',')
    .map(segment => {
      const [, head = '', rest = ''] = /^([g-z0-9+/]*[A-Za-f])(.*)$/.exec(segment) ?? []
      const step = fromVlq(head)
      at += step
      if (moved || head === '' || at < column) return segment
      moved = true
      return toVlq(step + by) + rest
    })
    .join(',')
}

/**
 * Base 64 VLQ of source maps: five bits a digit, the lowest first; the lowest bit of all is the
 * sign.
 */
function fromVlq(text) {
  const bits = [...text].reduceRight((sum, digit) => sum * 32 + (digits.indexOf(digit) & 31), 0)
  return bits & 1 ? -(bits >> 1) : bits >> 1
}

function toVlq(value) {
  let bits = value < 0 ? (-value << 1) | 1 : value << 1
  let text = ''
  do {
    const digit = bits & 31
    bits >>>= 5
    text += digits[bits > 0 ? digit | 32 : digit]
  } while (bits > 0)
  return text
}
