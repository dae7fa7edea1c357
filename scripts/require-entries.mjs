// dist/require/: the same library for `require('atonce')`. Each entry requires the ES module, so
// that there is one copy of it, however it is loaded; the declarations are copies, as the compiler
// takes those in dist/src/ for an ES module's.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Writes it for every subpath, after the library was bundled; `root` is the checkout. */
export function writeRequireEntries(root) {
  const folder = join(root, 'dist/require')
  cpSync(join(root, 'dist/src'), folder, { recursive: true, filter: isDeclaration })
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n')
  const { exports, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const { require: entry } of Object.values(exports)) {
    if (entry === undefined) continue
    const name = basename(entry.default)
    if (!existsSync(join(root, 'dist/src', name))) throw new Error(`There is no dist/src/${name}.`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), entryText(name, engines.node.replace('>=', '')))
  }
}

/**
 * An older Node can't require an ES module, or lacks what the library calls; it is told so in one
 * line.
 */
function entryText(name, oldest) {
  const [major, minor] = oldest.split('.')
  return `'use strict'
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < ${major} || (major === ${major} && minor < ${minor}))
  throw new Error(\`atonce needs Node ${oldest} or later; this is Node \${process.versions.node}.\`)
module.exports = require('../src/${name}')
`
}

function isDeclaration(path) {
  return !/[/\\]src[/\\]cli([/\\]|$)/.test(path) && !/\.(js|map|css|txt)$/.test(path)
}
